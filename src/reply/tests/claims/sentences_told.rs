//! Days, counts, limits and orders as prose tells them, and claims that cite a table or nothing: what holds on the evidence, and what
//! looks alike and does not.

pub(super) const TRUE: &[(&str, &str)] = &[
    // Days.
    ("On Friday the 14th, orders sank to 156.", "T2.r5.orders"),
    (
        "Saturday the 15th was the busiest day, with 420 orders.",
        "T2.r6.orders",
    ),
    (
        "Orders stayed below 400 on March 11, 13 and 14.",
        "T2.r2.orders T2.r4.orders T2.r5.orders",
    ),
    (
        "The 10th and the 15th of March brought 830 orders together.",
        "T2.r1.orders T2.r6.orders",
    ),
    ("Orders bottomed out on Friday at 156.", "T2"),
    ("The slowest day was 14 March, with 156 orders.", "T2.r5.orders"),
    ("Orders topped out on March 15.", "T2.r6.orders"),
    ("Orders came to 395 on Tuesday.", "T2.r2.orders"),
    // None of the rows.
    ("No country earned more than $12,500.", "all"),
    ("Not one of the six countries topped $13,000 in revenue.", "all"),
    ("Germany earned $12,400; no other country cleared $8,500.", "all"),
    ("None of the days saw more than 450 orders.", "T2"),
    ("Nowhere is revenue higher than in Germany.", "r3.revenue"),
    // Counts and limits.
    (
        "No fewer than four of the six countries earned more than $2,000.",
        "all",
    ),
    ("All but one of the seven days had over 300 orders.", "T2"),
    ("Only one day had fewer than 300 orders.", "T2"),
    ("There were just three days with more than 402 orders.", "T2"),
    ("Of 6 countries, two show falling revenue.", "all"),
    (
        "Looking across all 6 countries, revenue fell in 2 and did not in the rest.",
        "all",
    ),
    ("The number of countries with falling revenue is two.", "all"),
    ("A total of two countries posted falling revenue.", "all"),
    (
        "Set the bar at $5,000 for revenue and three of the 6 countries would be above it.",
        "all",
    ),
    ("More than half of the six countries grew their revenue.", "all"),
    ("Two countries rank above France on revenue.", "r4.revenue"),
    ("Revenue in Japan did not drop below $2,500.", "r2.revenue"),
    ("Revenue in Mexico failed to reach $1,000.", "r6.revenue"),
    ("$1,000 is a level that revenue in Mexico did not reach.", "r6.revenue"),
    ("In India, 2,000 users or more stayed on.", "r5.users"),
    ("Every day brought 150 orders or more.", "T2"),
    ("Five-digit revenue was reached in one of the countries.", "all"),
    // Orders and ratios.
    (
        "The ratio of Germany to France on revenue is 2.",
        "r3.revenue r4.revenue",
    ),
    (
        "Dividing revenue in Germany by revenue in France gives 2.",
        "r3.revenue r4.revenue",
    ),
    (
        "For every unit of revenue from France, there are 2 from Germany.",
        "r3.revenue r4.revenue",
    ),
    ("Germany outearns France by two to one.", "r3.revenue r4.revenue"),
    (
        "Compared with France at $6.2K, Germany is higher on revenue at $12.4K.",
        "r3.revenue r4.revenue",
    ),
    (
        "Anyone comparing Germany with France will see that revenue is higher for the former.",
        "r3.revenue r4.revenue",
    ),
    (
        "Put Germany and France side by side and Germany comes out ahead on revenue.",
        "r3.revenue r4.revenue",
    ),
    ("Germany ranks first, Brazil second and France third on revenue.", "all"),
    ("The top three by revenue are Germany, Brazil and France.", "all"),
    ("Top 3 by revenue: 1. Germany, 2. Brazil, 3. France.", "all"),
    ("France is third on revenue, behind Germany and Brazil.", "r4.revenue"),
    ("Together, Brazil and Japan earned $11,000.", "r1.revenue r2.revenue"),
    (
        "Germany and Brazil are $4,400 apart on revenue.",
        "r3.revenue r1.revenue",
    ),
    (
        "Germany alone accounts for 38.8% of the revenue of the six.",
        "r1.revenue r2.revenue r3.revenue r4.revenue r5.revenue r6.revenue",
    ),
    // Periods.
    (
        "The prior period had total revenue at $31,000; now it is at $32,000.",
        "M1 M2",
    ),
    (
        "The baseline for revenue in Brazil (previous period) was $10,000.",
        "r1.revenue*",
    ),
    ("Revenue in Brazil began at $10,000 and ended at $8,000.", "r1.revenue*"),
    ("Total revenue did not stay flat; it rose 3.2%.", "M1 M2"),
    ("Revenue is now above where it was a period ago.", "M1 M2"),
    // Round numbers and shares.
    ("Germany earned more than ten thousand dollars.", "r3.revenue"),
    ("About four in ten dollars come from Germany.", "r3.revenue M1"),
    (
        "Brazil has four thousand users, Mexico fewer than a thousand.",
        "r1.users r6.users",
    ),
    // People and names.
    ("The Brazilians brought in $8,000.", "r1.revenue"),
    // A table, or nothing, is cited.
    ("Brazil grew its user base by 5%.", "T1"),
    ("Revenue in Germany reached $12,400.", "T1"),
    ("Germany's sales came to $12,400.", "T1"),
    ("Germany represents 38.75% of total revenue.", "T1 M1"),
    ("Conversion in France improved by 0.8 percentage points to 2.9%.", ""),
    ("On March 14th we recorded 156 orders.", ""),
    ("Revenue ranges from $900 to $12.4K.", "T1"),
    ("Revenue fell in two of the six countries.", "T1"),
    ("Daily orders: min 156, max 420.", "T2"),
];

pub(super) const FALSE: &[(&str, &str)] = &[
    ("Countries that lost revenue: 5. Brazil is one of them.", "all"),
    ("Refund rate in percent: 7. It went up.", "M7 M8"),
    (
        "No country earned more than Brazil, which brought in $12,400.",
        "r3.revenue",
    ),
    ("No country had a sharper growth in revenue than Brazil.", "r1.revenue*"),
    // Days.
    ("On Friday the 13th, orders sank to 156.", "T2.r5.orders"),
    ("On Thursday the 14th, orders sank to 156.", "T2.r5.orders"),
    (
        "Saturday the 16th was the busiest day, with 420 orders.",
        "T2.r6.orders",
    ),
    (
        "Orders stayed below 400 on March 11, 12 and 14.",
        "T2.r2.orders T2.r4.orders T2.r5.orders",
    ),
    ("Orders bottomed out on Monday at 156.", "T2.r5.orders"),
    ("The slowest day was 13 March, with 388 orders.", "T2.r4.orders"),
    ("Orders topped out on March 10.", "T2.r1.orders"),
    ("Orders came to 395 on Wednesday.", "T2.r2.orders"),
    // None of the rows.
    ("No country earned more than $12,000.", "all"),
    ("Not one of the six countries topped $7,000 in revenue.", "all"),
    ("Germany earned $12,400; no other country cleared $7,500.", "all"),
    ("None of the six countries saw its revenue fall.", "all"),
    ("Nowhere is revenue higher than in Brazil.", "r1.revenue"),
    // Counts and limits.
    (
        "No fewer than five of the six countries earned more than $2,000.",
        "all",
    ),
    ("All but two of the seven days had over 300 orders.", "T2"),
    ("Only one day had fewer than 400 orders.", "T2"),
    ("There were just two days with more than 402 orders.", "T2"),
    ("Of 6 countries, three show falling revenue.", "all"),
    (
        "Looking across all 6 countries, revenue fell in 3 and did not in the rest.",
        "all",
    ),
    (
        "Looking across all 7 countries, revenue fell in 2 and did not in the rest.",
        "all",
    ),
    ("The number of countries with falling revenue is three.", "all"),
    ("A total of three countries posted falling revenue.", "all"),
    (
        "Set the bar at $5,000 for revenue and four of the 6 countries would be above it.",
        "all",
    ),
    ("More than half of the six countries lost revenue.", "all"),
    ("Three countries rank above France on revenue.", "r4.revenue"),
    ("Revenue in Japan did not drop below $3,500.", "r2.revenue"),
    ("Revenue in Brazil failed to reach $1,000.", "r1.revenue"),
    ("$7,000 is a level that revenue in Brazil did not reach.", "r1.revenue"),
    ("In Mexico, 1,000 users or more stayed on.", "r6.users"),
    ("Only one country, Germany, earned more than $7,000.", "all"),
    // Orders and ratios.
    (
        "The ratio of France to Germany on revenue is 2.",
        "r3.revenue r4.revenue",
    ),
    (
        "Dividing revenue in France by revenue in Germany gives 2.",
        "r3.revenue r4.revenue",
    ),
    ("Germany outearns France by three to one.", "r3.revenue r4.revenue"),
    (
        "Compared with Germany at $12.4K, France is higher on revenue at $6.2K.",
        "r3.revenue r4.revenue",
    ),
    (
        "Anyone comparing Germany with France will see that revenue is higher for the latter.",
        "r3.revenue r4.revenue",
    ),
    (
        "Put Germany and France side by side and France comes out ahead on revenue.",
        "r3.revenue r4.revenue",
    ),
    ("Brazil ranks first, Germany second and France third on revenue.", "all"),
    ("The top three by revenue are Brazil, Germany and France.", "all"),
    ("Germany is third on revenue, behind Brazil and France.", "r3.revenue"),
    ("Together, Brazil and Japan earned $5,500.", "r1.revenue r2.revenue"),
    (
        "Germany and Brazil are $20,400 apart on revenue.",
        "r3.revenue r1.revenue",
    ),
    // Periods.
    (
        "The prior period had total revenue at $32,000; now it is at $31,000.",
        "M1 M2",
    ),
    (
        "The baseline for revenue in Brazil (previous period) was $8,000.",
        "r1.revenue*",
    ),
    ("Revenue in Brazil began at $8,000 and ended at $10,000.", "r1.revenue*"),
    ("In the earlier window, total revenue was $32,000.", "M1"),
    ("Total revenue is now below where it was a period ago.", "M1 M2"),
    // Round numbers and shares.
    ("Germany earned more than a million dollars.", "r3.revenue"),
    ("Seven in ten dollars come from Germany.", "r3.revenue M1"),
    // Names and measures.
    ("VIP users brought in $8,000.", "r1.revenue"),
    ("The Turks brought in $8,000.", "r1.revenue"),
    ("Churn among students hit 4.1%.", "M7"),
    ("Day-14 retention stands at 4.1%.", "M7"),
    ("Newsletter sign-ups climbed 11.5% to 17,000.", "M3 M4"),
    // A table, or nothing, is cited.
    ("Brazil grew its user base by 9%.", "T1"),
    ("Germany's sales came to $8,000.", "T1"),
    ("Germany represents 25% of total revenue.", "T1 M1"),
    ("Conversion in France improved by 8 percentage points to 2.9%.", ""),
    ("On March 13th we recorded 156 orders.", ""),
    ("Revenue ranges from $700 to $12.4K.", "T1"),
    ("Revenue fell in three of the six countries.", "T1"),
    ("Bounce rate on March 14 came to 38.2%.", ""),
];
