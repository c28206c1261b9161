//! Python's `time.strftime` and `datetime.strptime`, in the C locale.
use value::{Date, DateTime};

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The moment, seconds since the epoch, as a clock that is `offset` seconds ahead shows it.
pub fn at(seconds: i64, offset: i32) -> DateTime {
    let local = seconds + i64::from(offset);
    let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    DateTime {
        date: Date::from_days(days),
        hour: (second / 3600) as u8,
        minute: (second / 60 % 60) as u8,
        second: (second % 60) as u8,
        microsecond: 0,
        offset: Some(offset),
    }
}

/// From Monday, which is zero.
pub fn weekday(date: &Date) -> i64 {
    (date.days() + 3).rem_euclid(7)
}

/// From the first of January, which is one.
pub fn day_of_year(date: &Date) -> i64 {
    date.days() - Date { month: 1, day: 1, ..*date }.days() + 1
}

/// The year and week of ISO 8601.
pub fn iso_week(date: &Date) -> (i32, i64) {
    let thursday = Date::from_days(date.days() - weekday(date) + 3);
    (thursday.year, (day_of_year(&thursday) - 1) / 7 + 1)
}

/// `time.strftime`, as glibc has it: with flags (`%-d`), and codes that it does not know left as they are. `microseconds`: as
/// `datetime.strftime`, where `%f` has a meaning and a time without zone shows none.
pub fn format(pattern: &str, time: &DateTime, zone: &str, microseconds: bool) -> String {
    let mut out = String::new();
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let rest = characters.as_str();
        let flags: String = rest.chars().take_while(|c| "-_0^#".contains(*c)).collect();
        let width: String = rest[flags.len()..].chars().take_while(char::is_ascii_digit).collect();
        let modifier = usize::from(rest[flags.len() + width.len()..].starts_with(['E', 'O', ':']));
        let mut after = rest[flags.len() + width.len() + modifier..].chars();
        let code = after.next();
        let shown = code.and_then(|code| field(code, time, zone, microseconds));
        match (code, shown) {
            (Some(code), Some(field)) => {
                out.push_str(&field.padded(&flags, width.parse().ok(), code));
                characters = after;
            }
            (_, _) => out.push('%'),
        }
    }
    out
}

/// Wider fields are taken as this wide.
const WIDEST: usize = 1000;

/// A part of a time: a number that is padded, or a text.
enum Field {
    Number(i64, usize, char),
    Text(String),
}

impl Field {
    fn padded(self, flags: &str, width: Option<usize>, code: char) -> String {
        let upper = flags.contains('^');
        match self {
            Field::Number(number, digits, fill) => {
                let fill = match flags.chars().rfind(|c| "-_0".contains(*c)) {
                    Some('-') => return number.to_string(),
                    Some('_') => ' ',
                    Some('0') => '0',
                    _ => fill,
                };
                let digits = width.unwrap_or(digits).min(WIDEST);
                if fill == '0' { format!("{number:0digits$}") } else { format!("{number:digits$}") }
            }
            Field::Text(text) if upper => text.to_uppercase(),
            Field::Text(text) if flags.contains('#') && code == 'p' => text.to_lowercase(),
            Field::Text(text) if flags.contains('#') => text.to_uppercase(),
            Field::Text(text) => match width {
                Some(width) => format!("{text:>0$}", width.min(WIDEST)),
                None => text,
            },
        }
    }
}

fn field(code: char, time: &DateTime, zone: &str, microseconds: bool) -> Option<Field> {
    let date = &time.date;
    let number = |number: i64, digits: usize| Some(Field::Number(number, digits, '0'));
    let blank = |number: i64, digits: usize| Some(Field::Number(number, digits, ' '));
    let text = |text: &str| Some(Field::Text(text.into()));
    let whole = |pattern: &str| Some(Field::Text(format(pattern, time, zone, microseconds)));
    let (hour, weekday, day) = (i64::from(time.hour), weekday(date), day_of_year(date));
    let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    let year = i64::from(date.year);
    match code {
        'a' => text(&DAYS[weekday as usize][..3]),
        'A' => text(DAYS[weekday as usize]),
        'b' | 'h' => text(&month(date)[..3]),
        'B' => text(month(date)),
        'c' => whole("%a %b %e %H:%M:%S %Y"),
        'C' => number(year.div_euclid(100), 2),
        'd' => number(date.day.into(), 2),
        'D' | 'x' => whole("%m/%d/%y"),
        'e' => blank(date.day.into(), 2),
        'f' if microseconds => number(time.microsecond.into(), 6),
        'F' => whole("%Y-%m-%d"),
        'g' => number(i64::from(iso_week(date).0).rem_euclid(100), 2),
        'G' => number(iso_week(date).0.into(), 1),
        'H' => number(hour, 2),
        'I' => number(twelve, 2),
        'j' => number(day, 3),
        'k' => blank(hour, 2),
        'l' => blank(twelve, 2),
        'm' => number(date.month.into(), 2),
        'M' => number(time.minute.into(), 2),
        'n' => text("\n"),
        'p' => text(if hour < 12 { "AM" } else { "PM" }),
        'P' => text(if hour < 12 { "am" } else { "pm" }),
        'r' => whole("%I:%M:%S %p"),
        'R' => whole("%H:%M"),
        's' => number((time.moment() / 1_000_000) as i64, 1),
        'S' => number(time.second.into(), 2),
        't' => text("\t"),
        'T' | 'X' => whole("%H:%M:%S"),
        'u' => number(weekday + 1, 1),
        'U' => number((day + 6 - (weekday + 1) % 7) / 7, 2),
        'V' => number(iso_week(date).1, 2),
        'w' => number((weekday + 1) % 7, 1),
        'W' => number((day + 6 - weekday) / 7, 2),
        'y' => number(year.rem_euclid(100), 2),
        'Y' => number(year, 1),
        'z' => Some(Field::Text(time.offset.map(offset_text).unwrap_or_default())),
        'Z' => text(zone),
        '%' => text("%"),
        _ => None,
    }
}

fn month(date: &Date) -> &'static str {
    MONTHS[usize::from(date.month.clamp(1, 12)) - 1]
}

fn offset_text(offset: i32) -> String {
    let (sign, offset) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
    format!("{sign}{:02}{:02}", offset / 3600, offset / 60 % 60)
}

/// `datetime.strptime`.
pub fn parse(text: &str, pattern: &str) -> Result<DateTime, String> {
    let wrong = || format!("time data '{text}' does not match format '{pattern}'");
    let mut reading = Reading { rest: text, ..Reading::default() };
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        if c.is_whitespace() {
            let trimmed = reading.rest.trim_start();
            if trimmed.len() == reading.rest.len() {
                return Err(wrong());
            }
            reading.rest = trimmed;
            while characters.as_str().starts_with(char::is_whitespace) {
                characters.next();
            }
        } else if c != '%' {
            let mut rest = reading.rest.chars();
            let next = rest.next().filter(|next| next.to_lowercase().eq(c.to_lowercase()));
            next.ok_or_else(wrong)?;
            reading.rest = rest.as_str();
        } else {
            let code = characters.next().ok_or_else(|| format!("stray % in format '{pattern}'"))?;
            reading.field(code).map_err(|fault| match fault {
                Fault::Mismatch => wrong(),
                Fault::Unknown => format!("'{code}' is a bad directive in format '{pattern}'"),
            })?;
        }
    }
    if !reading.rest.is_empty() {
        return Err(format!("unconverted data remains: {}", reading.rest));
    }
    reading.finish()
}

enum Fault {
    Mismatch,
    Unknown,
}

#[derive(Default)]
struct Reading<'t> {
    rest: &'t str,
    year: Option<i32>,
    month: Option<u8>,
    day: Option<u8>,
    day_of_year: Option<i64>,
    hour: u8,
    twelve: bool,
    afternoon: bool,
    minute: u8,
    second: u8,
    microsecond: u32,
    offset: Option<i32>,
}

impl<'t> Reading<'t> {
    /// The longest number of up to so many digits that is in the range.
    fn number(&mut self, digits: usize, range: std::ops::RangeInclusive<u32>) -> Result<u32, Fault> {
        let most = self.rest.bytes().take(digits).take_while(u8::is_ascii_digit).count();
        for length in (1..=most).rev() {
            let number = self.rest[..length].parse().map_err(|_| Fault::Mismatch)?;
            if range.contains(&number) {
                self.rest = &self.rest[length..];
                return Ok(number);
            }
        }
        Err(Fault::Mismatch)
    }

    fn word(&mut self, words: &[&str]) -> Result<usize, Fault> {
        let lower = self.rest.to_lowercase();
        let found = words.iter().enumerate().filter(|(_, word)| lower.starts_with(&word.to_lowercase()));
        let (at, word) = found.max_by_key(|(_, word)| word.len()).ok_or(Fault::Mismatch)?;
        self.rest = self.rest.get(word.len()..).ok_or(Fault::Mismatch)?;
        Ok(at)
    }

    fn fields(&mut self, pattern: &[(char, &str)]) -> Result<(), Fault> {
        for (code, separator) in pattern {
            self.field(*code)?;
            self.rest = self.rest.strip_prefix(separator).ok_or(Fault::Mismatch)?;
        }
        Ok(())
    }

    fn field(&mut self, code: char) -> Result<(), Fault> {
        let short = |words: &[&'static str]| -> Vec<&'static str> { words.iter().map(|word| &word[..3]).collect() };
        match code {
            'Y' => {
                let digits = self.rest.get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
                self.year = Some(digits.and_then(|digits| digits.parse().ok()).ok_or(Fault::Mismatch)?);
                self.rest = &self.rest[4..];
            }
            'y' => {
                let year = self.number(2, 0..=99)? as i32;
                self.year = Some(if year <= 68 { 2000 + year } else { 1900 + year });
            }
            'm' => self.month = Some(self.number(2, 1..=12)? as u8),
            'd' => {
                self.rest = self.rest.strip_prefix(' ').unwrap_or(self.rest);
                self.day = Some(self.number(2, 1..=31)? as u8);
            }
            'j' => self.day_of_year = Some(self.number(3, 1..=366)?.into()),
            'H' => self.hour = self.number(2, 0..=23)? as u8,
            'I' => {
                self.hour = self.number(2, 1..=12)? as u8;
                self.twelve = true;
            }
            'p' => self.afternoon = self.word(&["AM", "PM"])? == 1,
            'M' => self.minute = self.number(2, 0..=59)? as u8,
            'S' => self.second = self.number(2, 0..=61)? as u8,
            'f' => {
                let digits = self.rest.bytes().take(6).take_while(u8::is_ascii_digit).count();
                let number: u32 = self.rest[..digits].parse().map_err(|_| Fault::Mismatch)?;
                self.microsecond = number * 10_u32.pow(6 - digits as u32);
                self.rest = &self.rest[digits..];
            }
            'a' => drop(self.word(&short(&DAYS))?),
            'A' => drop(self.word(&DAYS)?),
            'b' => self.month = Some(self.word(&short(&MONTHS))? as u8 + 1),
            'B' => self.month = Some(self.word(&MONTHS)? as u8 + 1),
            'z' => self.zone()?,
            'Z' => drop(self.word(&["UTC", "GMT"])?),
            'w' | 'u' => drop(self.number(1, 0..=7)?),
            'x' => self.fields(&[('m', "/"), ('d', "/"), ('y', "")])?,
            'X' => self.fields(&[('H', ":"), ('M', ":"), ('S', "")])?,
            'c' => self.fields(&[('a', " "), ('b', " "), ('d', " "), ('H', ":"), ('M', ":"), ('S', " "), ('Y', "")])?,
            '%' => self.rest = self.rest.strip_prefix('%').ok_or(Fault::Mismatch)?,
            _ => return Err(Fault::Unknown),
        }
        Ok(())
    }

    fn zone(&mut self) -> Result<(), Fault> {
        if let Some(rest) = self.rest.strip_prefix('Z') {
            (self.rest, self.offset) = (rest, Some(0));
            return Ok(());
        }
        let sign = match self.rest.chars().next() {
            Some('+') => 1,
            Some('-') => -1,
            _ => return Err(Fault::Mismatch),
        };
        self.rest = &self.rest[1..];
        let two = |reading: &mut Self| -> Result<i32, Fault> {
            let digits = reading.rest.get(..2).and_then(|digits| digits.parse().ok()).ok_or(Fault::Mismatch)?;
            reading.rest = &reading.rest[2..];
            Ok(digits)
        };
        let hours = two(self)?;
        self.rest = self.rest.strip_prefix(':').unwrap_or(self.rest);
        let minutes = two(self)?;
        self.offset = Some(sign * (hours * 3600 + minutes * 60));
        Ok(())
    }

    fn finish(self) -> Result<DateTime, String> {
        let year = self.year.unwrap_or(1900);
        let mut date = Date { year, month: self.month.unwrap_or(1), day: self.day.unwrap_or(1) };
        if let (Some(day), None, None) = (self.day_of_year, self.month, self.day) {
            date = Date::from_days(Date { year, month: 1, day: 1 }.days() + day - 1);
        } else if Date::from_days(date.days()) != date {
            return Err("day is out of range for month".into());
        }
        let hour = match (self.twelve, self.afternoon) {
            (true, true) => self.hour % 12 + 12,
            (true, false) => self.hour % 12,
            (false, _) => self.hour,
        };
        let Self { minute, second, microsecond, offset, .. } = self;
        Ok(DateTime { date, hour, minute, second: second.min(59), microsecond, offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_as_glibc_shows_it() {
        let time = at(1_700_000_000, 0);
        assert_eq!(
            format("%a %d.%m.%Y %H:%M:%S %j %U %W %V %s %z", &time, "UTC", false),
            "Tue 14.11.2023 22:13:20 318 46 46 46 1700000000 +0000"
        );
        assert_eq!(format("%-d %e %Q %f %", &at(0, 3600), "CET", false), "1  1 %Q %f %");
        assert_eq!(format("%I %p %^a %_H %010Y", &at(0, 0), "UTC", false), "12 AM THU  0 0000001970");
    }

    #[test]
    fn a_text_is_read_as_python_reads_it() {
        let time = parse("15/jan/2024 01:02:03.5 PM", "%d/%b/%Y %I:%M:%S.%f %p").unwrap();
        assert_eq!(time.to_string(), "2024-01-15 13:02:03.500000");
        assert_eq!(parse("2024-02-30", "%Y-%m-%d").unwrap_err(), "day is out of range for month");
        assert_eq!(parse("2024x", "%Y").unwrap_err(), "unconverted data remains: x");
        assert!(parse("24", "%Y").unwrap_err().contains("does not match format"));
    }
}
