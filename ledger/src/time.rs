//! Instants, dates and periods, and the one clock.
//!
//! The only file that imports `chrono`. An instant is milliseconds since the Unix epoch: an unsigned integer in
//! CBOR, RFC 3339 in UTC in text (`2026-11-22T03:46:05Z`, with `.123` only when the milliseconds are not zero).
//! Instants lie between 2020-01-01 and 2200-01-01; anything else is refused as a mistake.

use chrono::{DateTime, Datelike, Months, NaiveDate, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::ffi::OsStr;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// An instant, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

/// Why a time, date or period was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not RFC 3339 with an explicit zone.
    #[error("`{0}` is not an RFC 3339 time with a zone, such as 2026-11-22T03:46:05Z")]
    Syntax(String),
    /// Outside 2020 to 2200.
    #[error("`{0}` lies outside the years 2020 to 2199")]
    Range(String),
    /// Not a calendar date.
    #[error("`{0}` is not a date, such as 2026-11-22")]
    Date(String),
    /// Not an ISO 8601 period in years, months, weeks or days.
    #[error("`{0}` is not a period, such as P30D, P6M or P1Y")]
    Period(String),
}

impl Timestamp {
    /// 2020-01-01T00:00:00Z.
    pub const MIN: Self = Self(1_577_836_800_000);
    /// 2199-12-31T23:59:59.999Z.
    pub const MAX: Self = Self(7_258_118_399_999);

    /// The instant `millis` milliseconds after the Unix epoch.
    pub fn from_millis(millis: u64) -> Result<Self, TimeError> {
        let time = Self(millis);
        if time < Self::MIN || time > Self::MAX {
            return Err(TimeError::Range(format!("{millis} ms")));
        }
        Ok(time)
    }

    /// Milliseconds since the Unix epoch.
    pub fn as_millis(self) -> u64 {
        self.0
    }

    /// The calendar date in UTC.
    pub fn date(self) -> Date {
        Date(self.civil().date_naive())
    }

    /// The instant one `period` later, by the calendar; saturates at [`Timestamp::MAX`].
    pub fn plus(self, period: Period) -> Self {
        let later = self
            .civil()
            .checked_add_months(Months::new(period.months))
            .and_then(|t| t.checked_add_days(chrono::Days::new(u64::from(period.days))));
        later
            .and_then(|t| u64::try_from(t.timestamp_millis()).ok())
            .map_or(Self::MAX, |millis| Self(millis.min(Self::MAX.0)))
    }

    /// Whole days from `earlier` to `self`, zero when `earlier` is later.
    pub fn days_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / 86_400_000
    }

    fn civil(self) -> DateTime<Utc> {
        // In range by construction: MIN..=MAX fits i64 milliseconds.
        Utc.timestamp_millis_opt(self.0 as i64).single().unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = if self.0.is_multiple_of(1000) { SecondsFormat::Secs } else { SecondsFormat::Millis };
        f.pad(&self.civil().to_rfc3339_opts(format, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    /// Reads RFC 3339 with any zone; keeps milliseconds and drops what is finer. A lone date is midnight UTC.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        if let Some(time) = plain(text.as_bytes()) {
            return Ok(time);
        }
        if text.len() > 64 {
            return Err(TimeError::Syntax(text.chars().take(64).collect()));
        }
        if let Ok(date) = text.parse::<Date>() {
            return date.midnight();
        }
        let civil = DateTime::parse_from_rfc3339(text).map_err(|_| TimeError::Syntax(text.to_owned()))?;
        let range = || TimeError::Range(text.to_owned());
        let millis = u64::try_from(civil.timestamp_millis()).map_err(|_| range())?;
        Self::from_millis(millis).map_err(|_| range())
    }
}

/// Reads the usual form, `2026-11-22T03:46:05Z` or with three more digits `2026-11-22T03:46:05.250Z`, of an instant in
/// range; `None` for any other text, which chrono then judges. Tools write this form a million times.
fn plain(text: &[u8]) -> Option<Timestamp> {
    let (whole, millis) = match text {
        [whole @ .., b'Z'] if whole.len() == 19 => (whole, 0),
        [whole @ .., b'.', a, b, c, b'Z'] if whole.len() == 19 => (whole, number(&[*a, *b, *c])?),
        _ => return None,
    };
    let separators = [whole[4], whole[7], whole[10], whole[13], whole[16]];
    if separators != *b"--T::" {
        return None;
    }
    let (year, month, day) = (number(&whole[..4])?, number(&whole[5..7])?, number(&whole[8..10])?);
    let (hour, minute, second) = (number(&whole[11..13])?, number(&whole[14..16])?, number(&whole[17..])?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days_since_1970(year, month, day)? * 86_400 + hour * 3_600 + minute * 60 + second;
    Timestamp::from_millis(seconds * 1_000 + millis).ok()
}

/// A number in decimal digits and nothing else.
fn number(digits: &[u8]) -> Option<u64> {
    digits
        .iter()
        .try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u64::from(digit - b'0')))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar from then on; `None` for a date there is not.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    /// Days before each month of a common year, and in the year.
    const BEFORE: [u64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
    let month = usize::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = BEFORE[month] - BEFORE[month - 1] + u64::from(leap && month == 2);
    if !(1..=length).contains(&day) {
        return None;
    }
    let past = year.checked_sub(1).filter(|past| *past >= 1969)?;
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    let years = (year - 1970) * 365 + leaps(past) - leaps(1969);
    Some(years + BEFORE[month - 1] + u64::from(leap && month > 2) + day - 1)
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
            text.parse().map_err(de::Error::custom)
        } else {
            Self::from_millis(u64::deserialize(deserializer)?).map_err(de::Error::custom)
        }
    }
}

/// A calendar date, `2027-12-02`; text everywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(NaiveDate);

impl Date {
    /// Midnight UTC at the start of the day.
    pub fn midnight(self) -> Result<Timestamp, TimeError> {
        let midnight = self.0.and_time(chrono::NaiveTime::MIN).and_utc();
        let range = || TimeError::Range(self.to_string());
        let millis = u64::try_from(midnight.timestamp_millis()).map_err(|_| range())?;
        Timestamp::from_millis(millis).map_err(|_| range())
    }

    /// Year, month (1 to 12) and day (1 to 31).
    pub fn ymd(self) -> (i32, u32, u32) {
        (self.0.year(), self.0.month(), self.0.day())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.format("%Y-%m-%d").to_string())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Date {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let wrong = || TimeError::Date(text.chars().take(64).collect());
        let shape = text.len() == 10 && text.bytes().all(|c| c.is_ascii_digit() || c == b'-');
        if !shape {
            return Err(wrong());
        }
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Self).map_err(|_| wrong())
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// A calendar period in whole months and days: `P30D`, `P2W`, `P6M`, `P1Y`; text everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Period {
    months: u32,
    days: u32,
}

impl Period {
    /// A period of whole days.
    pub const fn days(days: u32) -> Self {
        Self { months: 0, days }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (years, months) = (self.months / 12, self.months % 12);
        let mut text = String::from("P");
        for (count, unit) in [(years, 'Y'), (months, 'M'), (self.days, 'D')] {
            if count > 0 {
                text.push_str(&format!("{count}{unit}"));
            }
        }
        f.pad(if text == "P" { "P0D" } else { &text })
    }
}

impl FromStr for Period {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let wrong = || TimeError::Period(text.chars().take(64).collect());
        let mut rest = text.strip_prefix('P').filter(|rest| !rest.is_empty()).ok_or_else(wrong)?;
        let mut period = Self::default();
        let mut units = "YMWD";
        while !rest.is_empty() {
            let digits =
                rest.find(|c: char| !c.is_ascii_digit()).filter(|n| (1..=5).contains(n)).ok_or_else(wrong)?;
            let count: u32 = rest[..digits].parse().map_err(|_| wrong())?;
            let unit = rest[digits..].chars().next().ok_or_else(wrong)?;
            let at = units.find(unit).ok_or_else(wrong)?;
            match unit {
                'Y' => period.months += count * 12,
                'M' => period.months += count,
                'W' => period.days += count * 7,
                _ => period.days += count,
            }
            units = &units[at + 1..];
            rest = &rest[digits + 1..];
        }
        Ok(period)
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// What tells the present. Everything else takes time as an argument.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The machine's clock, clamped to the range of [`Timestamp`].
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one clock")]
    fn now(&self) -> Timestamp {
        let millis = u64::try_from(Utc::now().timestamp_millis()).unwrap_or(0);
        Timestamp(millis.clamp(Timestamp::MIN.0, Timestamp::MAX.0))
    }
}

/// A clock that stands still: for tests, `SOURCE_DATE_EPOCH` and `--as-of`.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// The machine's clock, or one that stands at the second since 1970 that `SOURCE_DATE_EPOCH` names
/// (reproducible-builds.org); `None` when it is no time.
pub fn clock(epoch: Option<&OsStr>) -> Option<Arc<dyn Clock>> {
    let Some(text) = epoch else { return Some(Arc::new(SystemClock)) };
    let millis = text.to_str()?.parse::<u64>().ok()?.checked_mul(1000)?;
    Some(Arc::new(FixedClock(Timestamp::from_millis(millis).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_printed_in_the_one_form_whatever_zone_it_came_in() {
        let time: Timestamp = "2026-11-22T05:46:05.250+02:00".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-22T03:46:05.250Z");
        assert_eq!(time.to_string().parse(), Ok(time));
        assert_eq!("2026-11-22".parse::<Timestamp>().unwrap().to_string(), "2026-11-22T00:00:00Z");
    }

    #[test]
    fn times_without_zone_and_out_of_range_are_refused() {
        assert!(matches!("2026-11-22T03:46:05".parse::<Timestamp>(), Err(TimeError::Syntax(_))));
        assert!(matches!("9999-01-01T00:00:00Z".parse::<Timestamp>(), Err(TimeError::Range(_))));
        assert!(matches!("10000-01-01T00:00:00Z".parse::<Timestamp>(), Err(TimeError::Syntax(_))));
        assert!(matches!("1999-01-01".parse::<Timestamp>(), Err(TimeError::Range(_))));
        assert!(matches!("2026-02-30".parse::<Date>(), Err(TimeError::Date(_))));
    }

    #[test]
    fn the_usual_form_is_read_as_chrono_reads_it() {
        let civil = |text: &str| {
            let millis = DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis();
            Timestamp::from_millis(u64::try_from(millis).ok()?).ok()
        };
        let mut day: NaiveDate = "1968-12-30".parse().unwrap();
        while day.year() < 2202 {
            for clock in ["00:00:00Z", "23:59:59.999Z"] {
                let text = format!("{day}T{clock}");
                assert_eq!(plain(text.as_bytes()), civil(&text), "{text}");
            }
            day = day.succ_opt().unwrap();
        }
        for year in [2023, 2024, 2100] {
            for (month, day) in (0..=13).flat_map(|month| (0..=32).map(move |day| (month, day))) {
                let text = format!("{year}-{month:02}-{day:02}T01:02:03Z");
                assert_eq!(plain(text.as_bytes()), civil(&text), "{text}");
            }
        }
    }

    #[test]
    fn no_text_beside_the_usual_form_is_taken_for_it() {
        let text = "2026-11-22T03:46:05.250Z";
        for at in 0..text.len() {
            for byte in 0..=255 {
                let mut changed = text.as_bytes().to_vec();
                changed[at] = byte;
                let judged = std::str::from_utf8(&changed).ok().and_then(|text| {
                    let millis = DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis();
                    Timestamp::from_millis(u64::try_from(millis).ok()?).ok()
                });
                let read = plain(&changed);
                assert!(read.is_none() || read == judged, "{}", String::from_utf8_lossy(&changed));
            }
        }
        for other in
            ["2026-11-22t03:46:05z", "2026-11-22 03:46:05Z", "2026-11-22T03:46:60Z", "2026-11-22T24:00:00Z"]
        {
            assert_eq!(plain(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_period_follows_the_calendar() {
        let time: Timestamp = "2024-01-31T00:00:00Z".parse().unwrap();
        assert_eq!(time.plus("P1M".parse().unwrap()).to_string(), "2024-02-29T00:00:00Z");
        assert_eq!(time.plus("P1Y2W".parse().unwrap()).to_string(), "2025-02-14T00:00:00Z");
        assert_eq!("P1Y2M3D".parse::<Period>().unwrap().to_string(), "P1Y2M3D");
        for wrong in ["", "P", "30D", "PD", "P1D1Y", "P1H", "P-1D", "P999999D"] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
    }
}
