//! The program from outside: a folder, a configuration, extracts, the real binary, and what it says.
//! One binary for all of it, since every test binary links the whole engine.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod bad_months;
#[cfg(test)]
mod checks;
#[cfg(test)]
mod context;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod definitions;
#[cfg(test)]
mod drill_down;
#[cfg(test)]
mod dynamic_filters;
#[cfg(test)]
mod exports;
#[cfg(test)]
mod extracts;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod known_answers;
#[cfg(test)]
mod log;
#[cfg(test)]
mod manual;
#[cfg(test)]
mod outputs;
#[cfg(test)]
mod own_views;
#[cfg(test)]
mod page;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod report_terminal;
#[cfg(test)]
mod s3;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod shell;
#[cfg(test)]
mod slt;
#[cfg(test)]
mod surroundings;
#[cfg(test)]
mod terminal;
