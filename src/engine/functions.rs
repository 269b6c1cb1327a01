//! The functions that SQL gets besides the engine's own.

use std::sync::Arc;

use arrow::array::{AsArray, Date32Array, Int32Array};
use arrow::datatypes::{DataType, Date32Type, Int32Type};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::month::{Month, date_of};

/// `month_number(date)`: the months since January of year 0, an integer, so that the difference of two
/// is how many calendar months lie between them. Null for null.
pub fn month_number() -> ScalarUDF {
    ScalarUDF::from(MonthNumber {
        signature: Signature::exact(vec![DataType::Date32], Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct MonthNumber {
    signature: Signature,
}

impl ScalarUDFImpl for MonthNumber {
    fn name(&self) -> &str {
        "month_number"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(DataType::Int32)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let mut number = remembered(|days| Month::of(date_of(days)).number());
        let days = arrays[0].as_primitive::<Date32Type>();
        let numbers: Int32Array = days.iter().map(|days| days.map(&mut number)).collect();
        Ok(ColumnarValue::Array(Arc::new(numbers)))
    }
}

/// `month_date(number)`: the first day of the month that [`month_number`] counts so. Null for null.
pub fn month_date() -> ScalarUDF {
    ScalarUDF::from(MonthDate {
        signature: Signature::exact(vec![DataType::Int32], Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct MonthDate {
    signature: Signature,
}

impl ScalarUDFImpl for MonthDate {
    fn name(&self) -> &str {
        "month_date"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(DataType::Date32)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let mut day = remembered(|number| Month::of_number(number).days());
        let numbers = arrays[0].as_primitive::<Int32Type>();
        let days: Date32Array = numbers.iter().map(|number| number.map(&mut day)).collect();
        Ok(ColumnarValue::Array(Arc::new(days)))
    }
}

/// A function that remembers its last answer: the dates of one column hardly vary.
fn remembered(compute: impl Fn(i32) -> i32) -> impl FnMut(i32) -> i32 {
    let mut last = None;
    move |input| match last {
        Some((known, answer)) if known == input => answer,
        _ => {
            let answer = compute(input);
            last = Some((input, answer));
            answer
        }
    }
}
