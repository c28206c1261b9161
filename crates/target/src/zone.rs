//! Local time: the machine's own zone file, read without libc.
use crate::machine::Machine;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use value::{Date, DateTime};

/// The zone of a machine: known changes, and the rule that goes on after them.
#[derive(Debug, Default, PartialEq)]
pub struct Local {
    /// Seconds since the epoch, and which kind of time begins then.
    changes: Vec<(i64, usize)>,
    kinds: Vec<Zone>,
    rule: Option<Rule>,
}

/// Seconds east of Greenwich, whether it is summer time, and its name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Zone {
    pub offset: i32,
    pub summer: bool,
    pub name: String,
}

/// `CET-1CEST,M3.5.0,M10.5.0/3`.
#[derive(Debug, PartialEq)]
struct Rule {
    standard: Zone,
    summer: Option<(Zone, Turn, Turn)>,
}

/// A day of the year and a second of it.
#[derive(Debug, PartialEq)]
struct Turn {
    day: Day,
    second: i64,
}

#[derive(Debug, PartialEq)]
enum Day {
    /// Month, week (5: the last), weekday from Sunday.
    Weekday(u8, u8, u8),
    /// From zero, February 29 counted.
    Zero(i64),
    /// From one, February 29 never counted.
    Julian(i64),
}

impl Local {
    pub fn of(machine: &dyn Machine) -> Self {
        let wanted =
            machine.variable("TZ").map(|zone| zone.trim_start_matches(':').to_string()).filter(|zone| !zone.is_empty());
        if let Some(rule) = wanted
            .as_deref()
            .and_then(Rule::parse)
            .filter(|_| wanted.as_deref().is_some_and(|zone| zone.contains(|c: char| c.is_ascii_digit())))
        {
            return Self { rule: Some(rule), ..Self::default() };
        }
        let path = wanted.map_or_else(
            || "/etc/localtime".to_string(),
            |zone| match zone.starts_with('/') {
                true => zone,
                false => format!("/usr/share/zoneinfo/{zone}"),
            },
        );
        machine.read(Path::new(&path)).ok().and_then(|bytes| parse(&bytes)).unwrap_or_default()
    }

    pub fn at(&self, time: i64) -> Zone {
        let utc = || Zone { name: "UTC".into(), ..Zone::default() };
        let last = self.changes.partition_point(|(start, _)| *start <= time);
        match (&self.rule, last) {
            (Some(rule), last) if last == self.changes.len() => rule.at(time),
            (_, 0) => self.kinds.first().cloned().unwrap_or_else(utc),
            (_, last) => self.kinds.get(self.changes[last - 1].1).cloned().unwrap_or_else(utc),
        }
    }

    /// As Python prints a local time with microseconds.
    pub fn stamp(&self, time: SystemTime) -> String {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let local =
            civil(since.as_secs() as i64 + i64::from(self.at(since.as_secs() as i64).offset), since.subsec_micros());
        let text = local.to_string();
        if text.contains('.') { text } else { text + ".000000" }
    }
}

/// Seconds since the epoch as a date and a time.
pub fn civil(seconds: i64, microsecond: u32) -> DateTime {
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    DateTime {
        date: Date::from_days(day),
        hour: (second / 3600) as u8,
        minute: (second / 60 % 60) as u8,
        second: (second % 60) as u8,
        microsecond,
        offset: None,
    }
}

/// A local time by a pattern of `strftime`'s: years, months, days, hours, minutes, seconds.
pub fn parse_local(text: &str, format: &str, local: &Local) -> Option<i64> {
    let mut fields = [1970_i64, 1, 1, 0, 0, 0];
    let (mut rest, mut format) = (text, format.chars());
    while let Some(c) = format.next() {
        if c != '%' {
            rest = rest.strip_prefix(c)?;
            continue;
        }
        let (at, width) = match format.next()? {
            'Y' => (0, 4),
            'm' => (1, 2),
            'd' => (2, 2),
            'H' => (3, 2),
            'M' => (4, 2),
            'S' => (5, 2),
            '%' => {
                rest = rest.strip_prefix('%')?;
                continue;
            }
            _ => return None,
        };
        let digits = rest.chars().take(width).take_while(char::is_ascii_digit).count();
        fields[at] = rest.get(..digits).filter(|digits| !digits.is_empty())?.parse().ok()?;
        rest = &rest[digits..];
    }
    let [year, month, day, hour, minute, second] = fields;
    let valid = rest.is_empty()
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 62;
    if !valid {
        return None;
    }
    let days = Date { year: i32::try_from(year).ok()?, month: month as u8, day: day as u8 }.days();
    let wall = days * 86_400 + hour * 3600 + minute * 60 + second;
    // The offset at that wall clock; on the hour of a turn either will do.
    let guess = wall - i64::from(local.at(wall).offset);
    Some(wall - i64::from(local.at(guess).offset))
}

/// A zone file: a part with 32-bit times, the same with 64-bit times, and the rule.
fn parse(bytes: &[u8]) -> Option<Local> {
    let (_, length) = block(bytes, 4)?;
    let (mut local, size) = block(bytes.get(length..)?, 8)?;
    let footer = bytes.get(length + size..)?;
    let footer = std::str::from_utf8(footer).ok()?.trim_matches('\n');
    local.rule = Rule::parse(footer);
    Some(local)
}

fn block(bytes: &[u8], width: usize) -> Option<(Local, usize)> {
    if bytes.get(..4)? != b"TZif" {
        return None;
    }
    let count = |at: usize| Some(u32::from_be_bytes(bytes.get(20 + at * 4..24 + at * 4)?.try_into().ok()?) as usize);
    let (ut, standard, leaps, times, kinds, chars) = (count(0)?, count(1)?, count(2)?, count(3)?, count(4)?, count(5)?);
    let at_indices = 44 + times.checked_mul(width)?;
    let at_kinds = at_indices.checked_add(times)?;
    let at_names = at_kinds.checked_add(kinds.checked_mul(6)?)?;
    let end = at_names
        .checked_add(chars)?
        .checked_add(leaps.checked_mul(width + 4)?)?
        .checked_add(standard)?
        .checked_add(ut)?;
    let names = bytes.get(at_names..at_names + chars)?;
    let mut local = Local::default();
    for (time, index) in bytes.get(44..at_indices)?.chunks(width).zip(bytes.get(at_indices..at_kinds)?) {
        let time =
            time.iter().fold(if time[0] & 0x80 == 0 { 0_i64 } else { -1 }, |time, byte| time << 8 | i64::from(*byte));
        local.changes.push((time, usize::from(*index)));
    }
    for kind in bytes.get(at_kinds..at_names)?.chunks(6) {
        let offset = i32::from_be_bytes(kind[..4].try_into().ok()?);
        let name = names.get(usize::from(kind[5])..)?.split(|byte| *byte == 0).next()?;
        local.kinds.push(Zone { offset, summer: kind[4] != 0, name: String::from_utf8_lossy(name).into_owned() });
    }
    Some((local, end))
}

impl Rule {
    fn parse(text: &str) -> Option<Self> {
        let (standard, rest) = zone_name(text)?;
        let (offset, rest) = clock(rest)?;
        let offset = i32::try_from(-offset).ok()?;
        let standard = Zone { offset, summer: false, name: standard };
        if rest.is_empty() {
            return Some(Self { standard, summer: None });
        }
        let (name, rest) = zone_name(rest)?;
        let (summer_offset, rest) = match rest.starts_with(',') {
            true => (offset + 3600, rest),
            false => clock(rest).and_then(|(offset, rest)| Some((i32::try_from(-offset).ok()?, rest)))?,
        };
        let mut turns = rest.strip_prefix(',')?.split(',').map(Turn::parse);
        let (start, end) = (turns.next()??, turns.next()??);
        Some(Self { standard, summer: Some((Zone { offset: summer_offset, summer: true, name }, start, end)) })
    }

    fn at(&self, time: i64) -> Zone {
        let Some((summer, start, end)) = &self.summer else { return self.standard.clone() };
        let year = civil(time + i64::from(self.standard.offset), 0).date.year;
        let start = start.moment(year) - i64::from(self.standard.offset);
        let end = end.moment(year) - i64::from(summer.offset);
        let inside = if start < end { (start..end).contains(&time) } else { !(end..start).contains(&time) };
        if inside { summer.clone() } else { self.standard.clone() }
    }
}

fn zone_name(text: &str) -> Option<(String, &str)> {
    if let Some(rest) = text.strip_prefix('<') {
        return rest.split_once('>').map(|(name, rest)| (name.to_string(), rest));
    }
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    (end >= 3).then(|| (text[..end].to_string(), &text[end..]))
}

/// `[+-]h[:m[:s]]` as seconds.
fn clock(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !"+-:".contains(c)).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let sign = if word.starts_with('-') { -1 } else { 1 };
    let mut seconds = 0;
    for (part, unit) in word.trim_start_matches(['+', '-']).split(':').zip([3600, 60, 1]) {
        seconds += part.parse::<i64>().ok()? * unit;
    }
    Some((sign * seconds, rest))
}

impl Turn {
    fn parse(text: &str) -> Option<Self> {
        let (day, time) = text.split_once('/').unwrap_or((text, "2"));
        let second = clock(time)?.0;
        let day = if let Some(rest) = day.strip_prefix('M') {
            let mut numbers = rest.split('.').map(|number| number.parse::<u8>().ok());
            Day::Weekday(numbers.next()??, numbers.next()??, numbers.next()??)
        } else if let Some(rest) = day.strip_prefix('J') {
            Day::Julian(rest.parse().ok()?)
        } else {
            Day::Zero(day.parse().ok()?)
        };
        Some(Self { day, second })
    }

    /// Local seconds since the epoch.
    fn moment(&self, year: i32) -> i64 {
        let first = |month: u8| Date { year, month, day: 1 }.days();
        let leap = Date { year, month: 3, day: 1 }.days() - Date { year, month: 2, day: 1 }.days() == 29;
        let day = match self.day {
            Day::Zero(day) => first(1) + day,
            Day::Julian(day) => first(1) + day - 1 + i64::from(leap && day >= 60),
            Day::Weekday(month, week, weekday) => {
                let start = first(month);
                let next =
                    if month == 12 { Date { year: year + 1, month: 1, day: 1 }.days() } else { first(month + 1) };
                // 1970-01-01 was a Thursday.
                let offset = (i64::from(weekday) - (start + 4)).rem_euclid(7);
                let mut day = start + offset + 7 * (i64::from(week) - 1);
                while day >= next {
                    day -= 7;
                }
                day
            }
        };
        day * 86_400 + self.second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_knows_summer_from_winter_on_both_halves_of_the_globe() {
        let berlin = Rule::parse("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        // 2024-03-31 01:00 UTC is the turn.
        assert_eq!((berlin.at(1_711_846_799).offset, berlin.at(1_711_846_800).offset), (3600, 7200));
        assert_eq!(berlin.at(1_729_990_800).name, "CET");
        let sydney = Rule::parse("AEST-10AEDT,M10.1.0,M4.1.0/3").unwrap();
        assert_eq!(sydney.at(1_704_067_200).offset, 39_600);
        assert_eq!(Rule::parse("<+0545>-5:45").unwrap().at(0).offset, 20_700);
        assert_eq!(Rule::parse("UTC0").unwrap().at(0).name, "UTC");
    }

    #[test]
    fn times_are_read_by_a_pattern() {
        let berlin = Local { rule: Rule::parse("CET-1CEST,M3.5.0,M10.5.0/3"), ..Local::default() };
        assert_eq!(parse_local("202407010200.30", "%Y%m%d%H%M.%S", &berlin), Some(1_719_792_030));
        assert_eq!(parse_local("2024-13-01", "%Y-%m-%d", &berlin), None);
        assert_eq!(parse_local("x", "%Y", &berlin), None);
    }

    #[test]
    fn broken_zone_files_are_no_zone() {
        assert_eq!(parse(b"TZif2"), None);
        let mut bytes = b"TZif2".to_vec();
        bytes.extend([0xff; 60]);
        assert_eq!(parse(&bytes), None);
    }
}
