//! The line being typed: history, several lines, colours and completion, by reedline. What the words mean is
//! told by `highlight`, `names` and `split`; this file is all that knows the library.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::Arc;

use nu_ansi_term::{Color, Style};
use reedline::{
    ColumnarMenu, Completer, EditCommand, EditMode, Emacs, FileBackedHistory, Highlighter, KeyCode,
    KeyModifiers, Prompt, PromptEditMode, PromptHistorySearch, Reedline, ReedlineEvent,
    ReedlineMenu, ReedlineRawEvent, Signal, Span, StyledText, Suggestion, ValidationResult,
    Validator, default_emacs_keybindings,
};

use super::ShellError;
use super::highlight::{Look, looks};
use super::names::Names;
use super::split::is_complete;
use crate::views::Desk;

/// Statements that are remembered.
const REMEMBERED: usize = 2_000;
const PROMPT: &str = "churnhouse> ";
const MENU: &str = "completion";

/// What the user did.
#[derive(Debug)]
pub enum Line {
    /// Typed a text whose statements are all ended.
    Text(String),
    /// Dropped it with Ctrl-C.
    Dropped,
    /// Left with Ctrl-D.
    End,
}

/// A prompt on the terminal.
pub struct LineEditor {
    lines: Reedline,
    words: Words,
}

impl LineEditor {
    /// A prompt that completes what the desk knows. Without colours the library still writes its escapes, in
    /// the terminal's own colour: told to leave them out, version 0.23 drops the lines below the cursor.
    pub fn new(desk: Arc<Desk>, color: bool) -> Self {
        let mut keys = default_emacs_keybindings();
        let complete = vec![ReedlineEvent::Menu(MENU.into()), ReedlineEvent::MenuNext];
        keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, ReedlineEvent::UntilFound(complete));
        keys.add_binding(KeyModifiers::SHIFT, KeyCode::BackTab, ReedlineEvent::MenuPrevious);
        let plain = Style::new();
        let menu = ColumnarMenu::default().with_name(MENU).with_text_style(plain);
        let menu = menu.with_selected_text_style(plain.reverse()).with_marker(String::new());
        let lines = Reedline::create()
            .with_edit_mode(Box::new(Typing(Emacs::new(keys))))
            .with_highlighter(Box::new(Painted { color }))
            .with_validator(Box::new(Ended))
            .with_completer(Box::new(Names::new(desk)))
            .with_quick_completions(true)
            .with_partial_completions(true)
            .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)));
        Self { lines, words: Words { color } }
    }

    /// The same, remembering in a file that only its owner can read.
    ///
    /// # Errors
    /// The file can't be made or read.
    pub fn remembering(self, path: &Path) -> Result<Self, ShellError> {
        let failed = |source| ShellError::File {
            what: "keep the history in",
            path: path.to_owned(),
            source,
        };
        make_private(path).map_err(failed)?;
        let history = FileBackedHistory::with_file(REMEMBERED, path.to_owned()).map_err(failed)?;
        Ok(Self { lines: self.lines.with_history(Box::new(history)), ..self })
    }

    /// Reads a line, or several until all statements are ended.
    ///
    /// # Errors
    /// The terminal can't be read.
    pub fn read(&mut self) -> Result<Line, ShellError> {
        let failed =
            |source| ShellError::File { what: "read", path: "the terminal".into(), source };
        self.lines.enable_bracketed_paste().map_err(failed)?;
        let line = match self.lines.read_line(&self.words).map_err(failed)? {
            Signal::Success(text) => Line::Text(text),
            Signal::CtrlC => Line::Dropped,
            Signal::CtrlD => Line::End,
        };
        // A full disk must not take what was typed.
        let _ = self.lines.sync_history();
        Ok(line)
    }
}

/// Makes a file that only its owner can read, and its folder.
fn make_private(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Emacs's keys, but what ends a word closes the menu: Enter is to run the line, not to take what the menu
/// happens to offer.
struct Typing(Emacs);

impl EditMode for Typing {
    fn parse_event(&mut self, event: ReedlineRawEvent) -> ReedlineEvent {
        match self.0.parse_event(event) {
            ReedlineEvent::Edit(edits) if edits.iter().any(ends_word) => {
                ReedlineEvent::Multiple(vec![ReedlineEvent::Esc, ReedlineEvent::Edit(edits)])
            }
            other => other,
        }
    }

    fn edit_mode(&self) -> PromptEditMode {
        self.0.edit_mode()
    }
}

fn ends_word(edit: &EditCommand) -> bool {
    matches!(edit, EditCommand::InsertChar(typed) if !typed.is_alphanumeric() && *typed != '_')
}

struct Words {
    color: bool,
}

impl Prompt for Words {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        PROMPT.into()
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        "       ...> ".into()
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        format!("(search: {}) ", search.term).into()
    }

    fn get_prompt_color(&self) -> reedline::Color {
        if self.color { reedline::Color::Green } else { reedline::Color::Reset }
    }

    fn get_prompt_multiline_color(&self) -> Color {
        if self.color { Color::Green } else { Color::Default }
    }

    fn get_indicator_color(&self) -> reedline::Color {
        reedline::Color::Reset
    }
}

struct Painted {
    color: bool,
}

impl Highlighter for Painted {
    fn highlight(&self, line: &str, _: usize) -> StyledText {
        let mut styled = StyledText::new();
        for (look, part) in looks(line) {
            let style = if self.color { style(look) } else { Style::new() };
            styled.push((style, part.to_owned()));
        }
        styled
    }
}

fn style(look: Look) -> Style {
    match look {
        Look::Plain => Style::new(),
        Look::Keyword => Color::Blue.bold(),
        Look::Text => Color::Green.normal(),
        Look::Number => Color::Cyan.normal(),
        Look::Comment => Style::new().dimmed(),
        Look::Parameter => Color::Purple.normal(),
        Look::Open => Color::Yellow.normal(),
    }
}

struct Ended;

impl Validator for Ended {
    fn validate(&self, line: &str) -> ValidationResult {
        match is_complete(line) {
            true => ValidationResult::Complete,
            false => ValidationResult::Incomplete,
        }
    }
}

impl Completer for Names {
    fn complete(&mut self, line: &str, pos: usize) -> Vec<Suggestion> {
        let (start, names) = Names::complete(self, line, pos);
        let suggestion =
            |value| Suggestion { value, span: Span { start, end: pos }, ..Suggestion::default() };
        names.into_iter().map(suggestion).collect()
    }
}
