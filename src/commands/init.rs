//! `init`: a commented churnhouse.toml, the schema by which editors complete and check it, and empty folders.

use crate::cli::InitArgs;
use crate::config;
use crate::error::{Error, Status};
use crate::printer::Printer;

const TEMPLATE: &str = include_str!("init.toml");

/// Writes them; refuses to touch a folder that has a configuration.
pub fn run(args: &InitArgs, printer: &Printer) -> Result<Status, Error> {
    let file = args.dir.join("churnhouse.toml");
    if file.exists() {
        let message = format!("there is a configuration already: {}", file.display());
        return Err(Error::usage(message, "edit it, or name another folder"));
    }
    for folder in ["billing", "channel", "hotline", "sql/views"] {
        let path = args.dir.join(folder);
        std::fs::create_dir_all(&path)
            .map_err(|source| Error::Output { path: path.display().to_string(), source })?;
    }
    let schema = args.dir.join("churnhouse.schema.json");
    for (path, text) in [(&schema, config::schema()), (&file, TEMPLATE.to_owned())] {
        std::fs::write(path, text)
            .map_err(|source| Error::Output { path: path.display().to_string(), source })?;
    }
    printer.say(&format!("wrote {}", file.display()));
    printer.say("next: put the extracts into billing/, channel/, hotline/, then: churnhouse run");
    Ok(Status::Done)
}
