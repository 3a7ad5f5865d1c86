//! The layouts of known exports, resolved as a user would see them.

use std::io::Write;

use super::super::MemoryLimit;
use super::super::engine::Engine;
use super::super::memory::Memory;
use super::super::moment::DayOrder;
use super::super::{DataError, profile, source};
use super::names::Role;
use super::{Given, Roles, resolve};

/// The roles of a small CSV table.
fn resolved(csv: &str, map: &[(&str, &str)]) -> Result<Roles, DataError> {
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    file.write_all(csv.as_bytes()).unwrap();
    let map: Vec<(String, String)> = map
        .iter()
        .map(|(role, column)| ((*role).to_owned(), (*column).to_owned()))
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let memory = Memory::new(MemoryLimit::default())?;
        let raw = source::read(
            &[file.path().display().to_string()],
            &source::Access::default(),
            0,
            &memory,
        )
        .await?;
        let columns = profile::columns(&raw)?;
        let engine = Engine::new("UTC", DayOrder::MonthFirst, 0, &memory);
        engine.register("raw", raw.held.clone())?;
        resolve(
            &raw,
            &columns,
            &engine,
            &Given {
                mapping: &[],
                map: &map,
            },
        )
        .await
    })
}

fn shown(roles: &Roles) -> String {
    let all: Vec<String> = roles
        .mapping()
        .iter()
        .map(|mapped| format!("{}={}", mapped.role, mapped.column))
        .collect();
    all.join(" ")
}

fn read(csv: &str) -> String {
    resolved(csv, &[]).map_or_else(|error| error.to_string(), |roles| shown(&roles))
}

#[test]
fn trackers_are_known_by_their_signature() {
    let cases = [
        (
            "amplitude_id,user_id,event_type,event_time,country,platform,session_id,uuid\n1,u1,open,2024-01-01 10:00:00,Germany,iOS,1704100000000,x\n",
            "user=user_id time=event_time event=event_type country=country platform=platform session=session_id event_id=uuid",
        ),
        (
            "event,properties.distinct_id,properties.time,properties.mp_country_code,properties.$os,properties.mp_lib,properties.$insert_id\nview,d1,1704100000,DE,iOS,web,i1\n",
            "user=properties.distinct_id time=properties.time event=event country=properties.mp_country_code platform=properties.$os event_id=properties.$insert_id",
        ),
        (
            "uuid,event,timestamp,distinct_id,person_id,$session_id,$geoip_country_code\ne1,view,2024-01-01T00:00:00Z,d1,p1,s1,DE\n",
            "user=person_id time=timestamp event=event country=$geoip_country_code session=$session_id event_id=uuid",
        ),
        (
            "event_date,event_timestamp,event_name,user_id,user_pseudo_id,geo.country,platform,event_value_in_usd\n20240101,1704100000000000,purchase,,p1,Germany,WEB,2.5\n20240101,1704100001000000,purchase,u2,p2,Germany,WEB,3.5\n",
            "user=coalesce(user_id, user_pseudo_id) time=event_timestamp event=event_name country=geo.country platform=platform revenue=event_value_in_usd",
        ),
        (
            "collector_tstamp,derived_tstamp,domain_userid,domain_sessionid,event,event_name,event_id,geo_country,platform,user_id\n2024-01-01 00:00:01,2024-01-01 00:00:00,d1,s1,struct,add_to_cart,e1,DE,web,\n",
            "user=domain_userid time=derived_tstamp event=event_name country=geo_country platform=platform session=domain_sessionid event_id=event_id",
        ),
        (
            "id,anonymous_id,user_id,event_text,event,timestamp,original_timestamp,sent_at,received_at,channel,revenue\nm1,a1,u1,Order Completed,order_completed,2024-01-01T00:00:00Z,2024-01-01T00:00:00Z,x,y,web,5\n",
            "user=user_id time=timestamp event=event_text platform=channel revenue=revenue event_id=id",
        ),
        (
            "id,anonymous_id,user_id,event_text,event,timestamp,context_os_name\nm1,a1,u1,Order Completed,order_completed,2024-01-01T00:00:00Z,iOS\n",
            "user=user_id time=timestamp event=event_text platform=context_os_name event_id=id",
        ),
    ];
    for (csv, expected) in cases {
        assert_eq!(read(csv), expected, "{csv}");
    }
}

#[test]
fn shops_are_known_by_names_and_values() {
    let uci = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n536365,85123A,HEART,6,12/1/2010 8:26,2.55,17850,United Kingdom\nC536379,D,Discount,-1,12/13/2010 9:41,27.50,14527,United Kingdom\n";
    assert_eq!(
        read(uci),
        "user=CustomerID time=InvoiceDate country=Country order=InvoiceNo product=StockCode revenue=Quantity * UnitPrice quantity=Quantity unit_price=UnitPrice"
    );
    let rees = "event_time,event_type,product_id,category_code,brand,price,user_id,user_session\n2019-10-01 00:00:00 UTC,view,1,a,b,10.5,5,s1\n2019-10-01 00:00:01 UTC,cart,1,a,b,10.5,5,s1\n2019-10-01 00:00:02 UTC,purchase,1,a,b,10.5,5,s1\n";
    assert_eq!(
        read(rees),
        "user=user_id time=event_time event=event_type session=user_session product=product_id revenue=CASE WHEN event_type IN ('purchase') THEN price END unit_price=price"
    );
    let olist: String = (0..100).fold(
        "order_id,customer_id,customer_unique_id,order_status,order_purchase_timestamp,payment_value\n".to_owned(),
        |text, row| text + &format!("o{row},c{row},u{},delivered,2017-10-02 10:56:33,{row}.50\n", row % 60),
    );
    assert_eq!(
        read(&olist),
        "user=customer_unique_id time=order_purchase_timestamp order=order_id revenue=payment_value"
    );
    let stripe = "id,object,amount,currency,created,customer\nch_1,charge,1999,usd,1704100000,cus_1\nch_2,charge,500,usd,1704186400,cus_2\n";
    let roles = resolved(stripe, &[]).unwrap();
    assert_eq!(
        shown(&roles),
        "user=customer time=created revenue=amount / 100 currency=currency event_id=id"
    );
    assert_eq!(roles.currency.as_deref(), Some("USD"));
}

#[test]
fn prices_that_stand_on_every_event_are_not_summed() {
    let csv = "user_id,ts,event,value\na,2024-01-01,view,5\na,2024-01-01,cart,5\na,2024-01-02,purchase,5\n";
    assert_eq!(
        read(csv),
        "user=user_id time=ts event=event revenue=CASE WHEN event IN ('purchase') THEN value END"
    );
    let csv =
        "user_id,ts,event,revenue\na,2024-01-01,ad_impression,0.01\na,2024-01-01,view,\na,2024-01-02,purchase,5\n";
    assert_eq!(read(csv), "user=user_id time=ts event=event revenue=revenue");
}

#[test]
fn equal_candidates_are_refused() {
    let csv = "User ID,user_id,time\n1,a,2024-01-01\n2,b,2024-01-02\n";
    let error = resolved(csv, &[]).unwrap_err();
    assert_eq!(error.to_string(), "user could be `User ID` or `user_id`");
    assert!(error.hint().contains("--map user=\"User ID\""), "{}", error.hint());
    let roles = resolved(csv, &[("user", "user_id")]).unwrap();
    assert_eq!(shown(&roles), "user=user_id time=time");
}

#[test]
fn day_or_month_first_is_decided_by_a_value_above_twelve() {
    let order = |first: &str| {
        let csv = format!("user_id,date\na,{first}\nb,03/04/2024\n");
        let roles = resolved(&csv, &[]).unwrap();
        (
            roles.time_order,
            roles.notes.iter().any(|note| note.contains("assumed")),
        )
    };
    assert_eq!(order("25/12/2023"), (Some(DayOrder::DayFirst), false));
    assert_eq!(order("12/25/2023"), (Some(DayOrder::MonthFirst), false));
    assert_eq!(order("01/02/2024"), (Some(DayOrder::MonthFirst), true));
}

#[test]
fn na_is_a_code_among_codes_and_nothing_among_numbers_names_and_ids() {
    let csv = "user_id,time,country,revenue,session_id\n17850,2024-01-01,DE,5.5,-1\nNA,2024-01-02,NA,NA,77\n17851,NA,FR,NA,78\n";
    let roles = resolved(csv, &[]).unwrap();
    assert_eq!(
        shown(&roles),
        "user=user_id time=time country=country session=session_id revenue=revenue"
    );
    let nothing = |role: Role| {
        let checks = roles.found[&role].checks.iter();
        checks
            .filter_map(|check| check.strip_prefix("read as nothing: "))
            .collect::<String>()
    };
    assert_eq!(nothing(Role::User), "na");
    assert_eq!(nothing(Role::Country), "");
    assert_eq!(nothing(Role::Session), "-1");
    assert!(roles.found[&Role::Revenue].checks.contains(&"66.7 % empty".to_owned()));
    assert!(roles.found[&Role::Time].checks.contains(&"33.3 % empty".to_owned()));
    let names = "user_id,time,country\na,2024-01-01,Germany\nb,2024-01-02,NA\nc,2024-01-02,Unknown\n";
    let roles = resolved(names, &[]).unwrap();
    assert!(
        roles.found[&Role::Country]
            .checks
            .contains(&"read as nothing: unknown, na".to_owned())
    );
}

#[test]
fn a_role_can_be_switched_off() {
    let csv = "user_id,time,country,revenue\na,2024-01-01,DE,5\n";
    let roles = resolved(csv, &[("revenue", "none"), ("country", "NONE")]).unwrap();
    assert_eq!(shown(&roles), "user=user_id time=time");
    assert!(matches!(
        resolved(csv, &[("user", "none")]),
        Err(DataError::NoUserColumn { .. })
    ));
}
