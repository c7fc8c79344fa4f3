//! What is asked of a meter, by an address or a body.

use super::id::{account, id};
use crate::http::App;
use crate::http::problem::Problem;
use crate::keys::Caller;
use price_core::{UsageQuery, Wanted, WindowSize};
use price_value::{Timestamp, Zone};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// See the module.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Asked {
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) window_size: Option<String>,
    window_time_zone: Option<String>,
    pub(super) subject: Vec<String>,
    pub(super) filter_customer_id: Vec<String>,
    group_by: Vec<String>,
    filter_group_by: BTreeMap<String, Texts>,
    advanced_meter_group_by_filters: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Several(Vec<String>),
}

/// A question, and what its rows say beside quantities.
pub(super) struct Question {
    pub(super) query: UsageQuery,
    /// Rows have the subject.
    pub(super) subject: bool,
    /// Rows have the id of the customer.
    pub(super) customer: bool,
}

impl Asked {
    /// The parameters of an address, with the brackets that their clients send.
    pub(super) fn of_address(query: &str) -> Result<Asked, Problem> {
        let mut asked = Asked::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "from" => asked.from = Some(value.into_owned()),
                "to" => asked.to = Some(value.into_owned()),
                "windowSize" => asked.window_size = Some(value.into_owned()),
                "windowTimeZone" => asked.window_time_zone = Some(value.into_owned()),
                "subject" | "subject[]" => asked.subject.push(value.into_owned()),
                "filterCustomerId" | "filterCustomerId[]" => asked.filter_customer_id.push(value.into_owned()),
                "groupBy" | "groupBy[]" => asked.group_by.extend(value.split(',').map(str::to_owned)),
                "advancedMeterGroupByFilters" => {
                    let wrong = |_| Problem::parameter("`advancedMeterGroupByFilters` is a JSON object");
                    asked.advanced_meter_group_by_filters = serde_json::from_str(&value).map_err(wrong)?;
                }
                "filterGroupBy" => {
                    // A release of their Python client sends what it prints of a dictionary.
                    let read =
                        serde_json::from_str(&value).or_else(|_| serde_json::from_str(&value.replace('\'', "\"")));
                    let read: BTreeMap<String, Texts> =
                        read.map_err(|_| Problem::parameter("`filterGroupBy` is a JSON object"))?;
                    asked.filter_group_by.extend(read);
                }
                "clientId" => {}
                other => match other.strip_prefix("filterGroupBy[").and_then(|rest| rest.split_once(']')) {
                    Some((field, _)) => {
                        let known = asked.filter_group_by.entry(field.to_owned());
                        match known.or_insert_with(|| Texts::Several(Vec::new())) {
                            Texts::Several(all) => all.push(value.into_owned()),
                            Texts::One(_) => {}
                        }
                    }
                    None => return Err(Problem::parameter(format!("`{other}` is not known here"))),
                },
            }
        }
        Ok(asked)
    }

    /// As a question about a meter.
    pub(super) async fn question(self, app: &App, caller: &Caller, meter: &str) -> Result<Question, Problem> {
        let window = match self.window_size.as_deref() {
            None => None,
            Some("MINUTE") => Some(WindowSize::Minute),
            Some("HOUR") => Some(WindowSize::Hour),
            Some("DAY") => Some(WindowSize::Day),
            Some("MONTH") => Some(WindowSize::Month),
            Some(other) => {
                return Err(Problem::parameter(format!("`windowSize` is MINUTE, HOUR, DAY or MONTH, not `{other}`")));
            }
        };
        let zone = self.window_time_zone.as_deref().unwrap_or("UTC");
        let zone = Zone::get(zone).ok_or_else(|| Problem::parameter(format!("the time zone `{zone}` is not known")))?;
        let by = |name: &str| self.group_by.iter().any(|by| by == name);
        let subject = !self.subject.is_empty() || by("subject");
        let customer = !self.filter_customer_id.is_empty() || by("customer_id");
        let mut accounts: Option<BTreeSet<String>> =
            (!self.subject.is_empty()).then(|| self.subject.iter().cloned().collect());
        if !self.filter_customer_id.is_empty() {
            let mut of_customers = BTreeSet::new();
            for asked in &self.filter_customer_id {
                // A customer who is not there used nothing.
                of_customers.extend(account(app, caller, asked).await?);
            }
            accounts = Some(match accounts {
                Some(subjects) => subjects.intersection(&of_customers).cloned().collect(),
                None => of_customers,
            });
        }
        let beside = |name: &&String| !matches!(name.as_str(), "subject" | "customer_id");
        let mut labels: Vec<(String, Wanted)> = Vec::new();
        for (field, texts) in self.filter_group_by {
            let texts = match texts {
                Texts::One(text) => vec![text],
                Texts::Several(texts) => texts,
            };
            let texts = texts.iter().flat_map(|text| text.split(',')).map(str::to_owned).collect();
            labels.push((field, Wanted::OneOf(texts)));
        }
        for (field, filter) in &self.advanced_meter_group_by_filters {
            labels.extend(advanced(field, filter)?.into_iter().map(|wanted| (field.clone(), wanted)));
        }
        let query = UsageQuery {
            meter: meter.to_owned(),
            from: instant("from", self.from.as_deref())?,
            until: instant("to", self.to.as_deref())?,
            window,
            zone,
            accounts,
            by_account: subject || customer,
            group_by: self.group_by.iter().filter(beside).cloned().collect(),
            labels,
        };
        Ok(Question { query, subject, customer })
    }
}

/// An instant of a parameter, in nanoseconds.
pub(super) fn instant(name: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    let wrong = |wrong| Problem::parameter(format!("`{name}` is a time such as 2026-03-01T00:00:00Z: {wrong}"));
    text.map(Timestamp::parse_rfc3339).transpose().map(|at| at.map(|at| at.0)).map_err(wrong)
}

/// What a filter on texts wants: all of it.
pub(super) fn advanced(field: &str, filter: &Value) -> Result<Vec<Wanted>, Problem> {
    let unknown = || Problem::parameter(format!("of the filter on `{field}` only $eq, $ne, $in and $nin are known"));
    let texts = |value: &Value| -> Option<BTreeSet<String>> {
        match value {
            Value::String(text) => Some([text.clone()].into()),
            Value::Array(all) => all.iter().map(|text| text.as_str().map(str::to_owned)).collect(),
            _ => None,
        }
    };
    let parts = filter.as_object().filter(|parts| !parts.is_empty()).ok_or_else(unknown)?;
    let mut wanted = Vec::new();
    for (operator, value) in parts.iter().filter(|(_, value)| !value.is_null()) {
        let texts = texts(value).ok_or_else(unknown)?;
        wanted.push(match operator.as_str() {
            "$eq" | "$in" => Wanted::OneOf(texts),
            "$ne" | "$nin" => Wanted::NoneOf(texts),
            _ => return Err(unknown()),
        });
    }
    Ok(wanted)
}

/// The id of the customer that an account is.
pub(super) fn customer_id(account: &str) -> String {
    id("customer", account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_dictionaries_are_filters() {
        let asked = Asked::of_address("subject=a&subject=b&groupBy=x,y&filterGroupBy%5Bm%5D=1&filterGroupBy[m]=2")
            .expect("understood");
        assert_eq!((asked.subject.len(), asked.group_by.len()), (2, 2));
        assert!(matches!(&asked.filter_group_by["m"], Texts::Several(all) if *all == ["1", "2"]));
        let python = Asked::of_address("filterGroupBy={'m':%20'1'}").expect("understood");
        assert!(matches!(&python.filter_group_by["m"], Texts::One(one) if one == "1"));
        for wrong in ["from2=x", "filterGroupBy=x", "advancedMeterGroupByFilters=[]"] {
            assert!(Asked::of_address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn filters_are_those_that_are_known() {
        let of = |text: &str| advanced("m", &serde_json::from_str(text).expect("JSON"));
        let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(of(r#"{"$eq":"a"}"#), Ok(vec![Wanted::OneOf(set(&["a"]))]));
        let both = vec![Wanted::OneOf(set(&["a", "b"])), Wanted::NoneOf(set(&["b"]))];
        assert_eq!(of(r#"{"$in":["a","b"],"$ne":"b","$like":null}"#), Ok(both));
        for wrong in [r#"{"$like":"a"}"#, "{}", "7", r#"{"$in":[7]}"#, r#"{"$eq":7}"#] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
