//! The options of a column, turned into a converter of its type. A column's own options
//! come before those of its source. Refuses patterns, zones and words that are none.

use chrono_tz::Tz;

use super::super::canonical::ColumnType;
use super::super::convert::{
    Amounts, Converter, Flags, Kind, Moments, Recent, Texts, Wholes, Window,
};
use super::super::error::{ExtractError, nearest};
use super::super::source::{ColumnTable, Patterns};
use super::{Resolver, Target};

impl Resolver<'_> {
    pub(super) fn converter(
        &self,
        place: usize,
        target: &Target<'_>,
        table: &ColumnTable,
        typed: bool,
    ) -> Result<Converter, ExtractError> {
        let nulls = self.source.nulls.iter().chain(&table.nulls);
        Ok(Converter {
            column: place,
            required: target.required,
            nulls: nulls.map(|word| word.trim().to_owned()).collect(),
            kind: self.kind(target, table, typed)?,
        })
    }

    fn kind(
        &self,
        target: &Target<'_>,
        table: &ColumnTable,
        typed: bool,
    ) -> Result<Kind, ExtractError> {
        let source = self.source;
        Ok(match target.kind {
            ColumnType::Id | ColumnType::Text | ColumnType::Word => Kind::Text(Texts {
                map: table.map.clone().into_iter().collect(),
                lower: target.kind == ColumnType::Word,
                words: (target.kind != ColumnType::Id).then(Default::default),
            }),
            ColumnType::Date => {
                let days = self.moments(target, table, source.date_format.as_ref(), typed)?;
                Kind::Date(days, Recent::default())
            }
            ColumnType::Timestamp => Kind::Timestamp(self.moments(
                target,
                table,
                source.timestamp_format.as_ref(),
                typed,
            )?),
            ColumnType::Amount => Kind::Amount(self.amounts(target, table, typed)?),
            ColumnType::Boolean => Kind::Boolean(self.flags(target, table)?, Recent::default()),
            ColumnType::Whole(first, last) => Kind::Whole(Wholes { first, last }),
        })
    }

    fn moments(
        &self,
        target: &Target<'_>,
        table: &ColumnTable,
        general: Option<&Patterns>,
        typed: bool,
    ) -> Result<Moments, ExtractError> {
        let patterns = table.format.as_ref().or(general);
        let patterns = patterns.map_or(&[][..], Patterns::list);
        let zone = table.timezone.as_deref().map(|name| zone(target.name, name));
        let window = Window::new(self.source.earliest(), self.today);
        let what = match target.kind {
            ColumnType::Date => "not a date",
            _ => "not a timestamp",
        };
        Moments::new(patterns, typed, zone.transpose()?, window, what).map_err(|pattern| {
            let key = format!("columns.{}.format", target.name);
            ExtractError::setting(&key, "is no pattern of dates", pattern)
        })
    }

    fn amounts(
        &self,
        target: &Target<'_>,
        table: &ColumnTable,
        typed: bool,
    ) -> Result<Amounts, ExtractError> {
        // The numbers of typed formats have a point, whatever the source's texts have.
        let general = self.source.decimal_comma && !typed;
        let comma = table.decimal_comma.unwrap_or(general);
        let point = if comma { b',' } else { b'.' };
        if let Some(mark) = table.thousands
            && (mark == char::from(point) || mark.is_ascii_digit() || matches!(mark, '+' | '-'))
        {
            let key = format!("columns.{}.thousands", target.name);
            let problem = "cannot be the decimal mark, a digit or a sign";
            return Err(ExtractError::setting(&key, problem, mark));
        }
        Ok(Amounts {
            point,
            thousands: table.thousands,
            trailing_minus: table.trailing_minus,
            round: table.round,
        })
    }

    fn flags(&self, target: &Target<'_>, table: &ColumnTable) -> Result<Flags, ExtractError> {
        let yes = table.true_words.as_ref().or(self.source.true_words.as_ref());
        let no = table.false_words.as_ref().or(self.source.false_words.as_ref());
        let yes = yes.map(Vec::as_slice);
        Flags::new(yes, no.map(Vec::as_slice), target.default).map_err(|word| {
            let key = format!("columns.{}", target.name);
            ExtractError::setting(&key, "has a word for both true and false", word)
        })
    }
}

fn zone(column: &str, name: &str) -> Result<Tz, ExtractError> {
    name.parse().map_err(|_| {
        let key = format!("columns.{column}.timezone");
        let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let near = nearest(name, names).unwrap_or("UTC");
        let problem = format!("is no zone (perhaps {near} is meant)");
        ExtractError::setting(&key, &problem, name)
    })
}
