//! Dates and times as YAML 1.1 has them: data only, no clock.
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Date {
    pub year: i32,
    pub month: u8,
    pub day: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct DateTime {
    pub date: Date,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub microsecond: u32,
    /// Seconds east of Greenwich; none where the text names no zone.
    pub offset: Option<i32>,
}

impl Date {
    /// Days since 1970-01-01 (H. Hinnant's algorithm, proleptic Gregorian).
    pub fn days(&self) -> i64 {
        let (year, month) = (i64::from(self.year), i64::from(self.month));
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year - era * 400;
        let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    pub fn from_days(days: i64) -> Self {
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted - era * 146_097;
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u8;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 } as u8;
        let year = (year_of_era + era * 400) as i32 + i32::from(month <= 2);
        Self { year, month, day }
    }
}

impl DateTime {
    /// Microseconds since the epoch; without a zone, as if in Greenwich.
    pub fn moment(&self) -> i128 {
        let seconds = self.date.days() * 86_400 + i64::from(self.hour) * 3600 + i64::from(self.minute) * 60;
        let seconds = seconds + i64::from(self.second) - i64::from(self.offset.unwrap_or(0));
        i128::from(seconds) * 1_000_000 + i128::from(self.microsecond)
    }

    /// Python's `==`: a time without a zone never equals one that has it.
    pub fn same_moment(&self, other: &Self) -> bool {
        self.offset.is_some() == other.offset.is_some() && self.moment() == other.moment()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Display for DateTime {
    /// As Python's `str(datetime)`.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {:02}:{:02}:{:02}", self.date, self.hour, self.minute, self.second)?;
        if self.microsecond != 0 {
            write!(f, ".{:06}", self.microsecond)?;
        }
        match self.offset {
            None => Ok(()),
            Some(offset) => {
                let (sign, offset) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
                write!(f, "{sign}{:02}:{:02}", offset / 3600, offset / 60 % 60)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_go_there_and_back() {
        for days in [-719_468, -1, 0, 1, 11_016, 19_417, 20_000, 2_932_896] {
            assert_eq!(Date::from_days(days).days(), days);
        }
        assert_eq!(Date { year: 2000, month: 2, day: 29 }.days(), 11_016);
    }
}
