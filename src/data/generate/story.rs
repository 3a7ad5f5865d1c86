//! What happens day by day: who comes, what they do, and what the plan plants among it.

use super::people::{self, Crowd, Person};
use super::plan::Plan;
use super::random::Random;
use super::{BAD_WEEK, Happening, N_DAYS, OUTAGE, SPIKE, WINDOW_DAYS};

/// The country loses its users on the first day of the window, so that the two windows differ in nothing else.
pub(super) const DROP: i64 = N_DAYS - WINDOW_DAYS;

const WEEKDAYS: [f64; 7] = [1.00, 1.02, 1.03, 1.00, 0.95, 0.82, 0.78];
const NEW_SHARE: f64 = 0.15;
/// After this many days nobody comes back; as many days before the first full one, the app starts empty.
const LONGEST_LIFE: i64 = 45;
const PRICES: [i64; 5] = [999, 1499, 1999, 2499, 2999];
/// Prices by chance: most small, a few large.
const SPREAD_PRICES: [(i64, u64); 6] = [(499, 20), (999, 30), (1999, 25), (3999, 15), (9999, 8), (24_999, 2)];
/// Of a hundred new people, so many more come through the platform that grows.
const GROWTH: u64 = 25;
/// How much of its usual audience the bad week keeps.
const BAD_SHARE: f64 = 0.15;

pub(super) fn tell(plan: &Plan, random: &mut Random) -> (Vec<Person>, Vec<Happening>) {
    let mut story = Story {
        plan: *plan,
        crowd: Crowd::new(random),
        people: Vec::new(),
        cohorts: Vec::new(),
        happenings: Vec::new(),
        n_sessions: 0,
        n_sold: 0,
    };
    for day in -LONGEST_LIFE..N_DAYS {
        story.day(random, day);
    }
    (story.people, story.happenings)
}

struct Story {
    plan: Plan,
    crowd: Crowd,
    people: Vec<Person>,
    /// Day of signing up, and who did.
    cohorts: Vec<(i64, Vec<usize>)>,
    happenings: Vec<Happening>,
    n_sessions: u64,
    n_sold: usize,
}

impl Story {
    fn sign_up(&mut self, random: &mut Random, day: i64, n_people: usize) -> Vec<usize> {
        let mut cohort = Vec::with_capacity(n_people);
        while cohort.len() < n_people {
            let mut person = if self.plan.by_chance {
                Person::by_chance(random)
            } else {
                self.crowd.draw(random)
            };
            if person.leaves && self.is_dropped(day) {
                continue;
            }
            if self.plan.growth && day >= DROP && random.below(100) < GROWTH {
                person.platform = people::GROWN;
            }
            cohort.push(self.people.len());
            self.people.push(person);
        }
        self.cohorts.push((day, cohort.clone()));
        cohort
    }

    fn is_dropped(&self, day: i64) -> bool {
        self.plan.drop && day >= DROP
    }

    fn day(&mut self, random: &mut Random, day: i64) {
        let weekday = WEEKDAYS[day.rem_euclid(7) as usize];
        let growth = if self.plan.by_chance {
            1.0
        } else {
            1.0 + 0.0008 * day as f64
        };
        let outage = if self.plan.outage && day == OUTAGE { 0.3 } else { 1.0 };
        let users = self.plan.daily_users * weekday * growth * outage * (1.0 + 0.035 * random.wobble());
        let n_new = random.rounded(users * NEW_SHARE);
        let returning = self.returning(random, day, users * (1.0 - NEW_SHARE) * maturity(day));
        let mut here = self.sign_up(random, day, n_new);
        here.extend(returning);
        let mut sessions: Vec<(usize, u64, i64)> = Vec::with_capacity(here.len());
        for person in here {
            let ended = self.browse(random, day, person);
            sessions.push((person, self.n_sessions, ended));
        }
        let busier = if self.plan.spike && day == SPIKE { 3.6 } else { 1.0 };
        let wobble = 1.0 + 0.04 * random.wobble();
        let n_purchases = if self.plan.by_chance {
            let share = 0.13 * busier;
            sessions.iter().filter(|_| random.fraction() < share).count()
        } else {
            random.rounded(sessions.len() as f64 * 0.13 * busier * wobble)
        };
        self.buy(random, day, &sessions, n_purchases);
    }

    /// Old users by age: of each day's signups a share that shrinks with the root of their age.
    fn returning(&mut self, random: &mut Random, day: i64, wanted: f64) -> Vec<usize> {
        let weight = |signup: i64| {
            let bad = self.plan.bad_week && (BAD_WEEK..BAD_WEEK + 7).contains(&signup);
            if (1..=LONGEST_LIFE).contains(&(day - signup)) {
                (if bad { BAD_SHARE } else { 1.0 }) / ((day - signup) as f64).sqrt()
            } else {
                0.0
            }
        };
        let stays = |person: &usize| !self.is_dropped(day) || !self.people[*person].leaves;
        let pools: Vec<(f64, Vec<usize>)> = self
            .cohorts
            .iter()
            .filter(|(signup, _)| weight(*signup) > 0.0)
            .map(|(signup, people)| (weight(*signup), people.iter().copied().filter(stays).collect()))
            .collect();
        let total: f64 = pools.iter().map(|(weight, pool)| weight * pool.len() as f64).sum();
        let mut chosen = Vec::new();
        for (weight, mut pool) in pools {
            let n_people = random
                .rounded(wanted * weight * pool.len() as f64 / total)
                .min(pool.len());
            for _ in 0..n_people {
                let mut place = random.below(pool.len() as u64) as usize;
                while self.people[pool[place]].keen <= 7 && random.below(8) >= self.people[pool[place]].keen {
                    place = random.below(pool.len() as u64) as usize;
                }
                chosen.push(pool.swap_remove(place));
            }
        }
        chosen
    }

    /// One session; returns the second at which it ended.
    fn browse(&mut self, random: &mut Random, day: i64, person: usize) -> i64 {
        self.n_sessions += 1;
        // During the outage only the first hours of the day saw anybody.
        let early = random.below(10) == 0 || day == OUTAGE;
        let (first_hour, n_hours) = if early { (0, 7) } else { (7, 16) };
        let mut second = (first_hour + random.below(n_hours) as i64) * 3_600 + random.below(3_000) as i64;
        self.add(day, second, person, "app_open", None);
        for _ in 0..1 + random.below(2) {
            second += 10 + random.below(80) as i64;
            let event = random
                .one_of(&[("view_item", 70), ("search", 30)])
                .unwrap_or("view_item");
            self.add(day, second, person, event, None);
        }
        if random.below(100) < 14 {
            second += 10 + random.below(60) as i64;
            self.add(day, second, person, "add_to_cart", None);
        }
        second
    }

    /// Purchases at the end of sessions, spread evenly over prices; now and then a refund or a renewal.
    fn buy(&mut self, random: &mut Random, day: i64, sessions: &[(usize, u64, i64)], n_purchases: usize) {
        let mut left: Vec<&(usize, u64, i64)> = sessions.iter().collect();
        for _ in 0..n_purchases.min(sessions.len()) {
            let place = random.below(left.len() as u64) as usize;
            let &(person, session, ended) = left.swap_remove(place);
            let price = if self.plan.by_chance {
                random.one_of(&SPREAD_PRICES).unwrap_or(PRICES[0])
            } else {
                PRICES[self.n_sold % PRICES.len()]
            };
            self.n_sold += 1;
            for (later, event, cents) in [
                (15, "add_to_cart", None),
                (40, "checkout", None),
                (75, "purchase", Some(price)),
            ] {
                self.happenings.push(Happening {
                    day,
                    second: ended + later,
                    person,
                    event,
                    session: Some(session),
                    cents,
                });
            }
            if self.n_sold.is_multiple_of(40) {
                self.without_session(day, ended + 1_200, person, "refund", -price);
            }
        }
        for &&(person, _, ended) in left.iter().take(sessions.len() / 40) {
            self.without_session(day, ended + 300, person, "renewal", 799);
        }
    }

    fn without_session(&mut self, day: i64, second: i64, person: usize, event: &'static str, cents: i64) {
        self.happenings.push(Happening {
            day,
            second: second.min(86_399),
            person,
            event,
            session: None,
            cents: Some(cents),
        });
    }

    fn add(&mut self, day: i64, second: i64, person: usize, event: &'static str, cents: Option<i64>) {
        self.happenings.push(Happening {
            day,
            second,
            person,
            event,
            session: Some(self.n_sessions),
            cents,
        });
    }
}

/// How much of its steady audience a product has when it is still young.
fn maturity(day: i64) -> f64 {
    let ages = |longest: i64| (1..=longest).map(|age| 1.0 / (age as f64).sqrt()).sum::<f64>();
    ages((day + LONGEST_LIFE).min(LONGEST_LIFE)) / ages(LONGEST_LIFE)
}
