//! A bar on standard error while a run goes on; nothing where that is no terminal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use otvet_load::{Live, Stage};

/// A bar that is brought up to date until it is ended.
pub struct Shown {
    ended: Arc<AtomicBool>,
    bar: ProgressBar,
}

/// Shows what a run is doing. indicatif draws on terminals only.
pub fn show(live: Arc<Live>) -> Shown {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{msg:<34} [{bar:30}] {elapsed}");
    bar.set_style(style.expect("the template is a constant and right").progress_chars("=> "));
    let ended = Arc::new(AtomicBool::new(false));
    let (is_over, shown) = (Arc::clone(&ended), bar.clone());
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(200));
        while !is_over.load(Ordering::Relaxed) {
            ticks.tick().await;
            let (steps, of) = live.progress();
            shown.set_length(of as u64);
            shown.set_position(steps as u64);
            shown.set_message(message(&live));
        }
    });
    Shown { ended, bar }
}

fn message(live: &Live) -> String {
    match live.stage() {
        Stage::Guests => "making guests".to_owned(),
        Stage::Joining => "visitors come in".to_owned(),
        Stage::Claiming => "managers come in".to_owned(),
        Stage::WarmUp => "warming up".to_owned(),
        Stage::Measuring => format!("measuring: {} answers", live.answers()),
        Stage::Settling => "waiting for what is owed".to_owned(),
        Stage::ComingBack => "cut; coming back".to_owned(),
        Stage::Done => "done".to_owned(),
    }
}

impl Shown {
    /// Takes the bar away.
    pub fn end(self) {
        self.ended.store(true, Ordering::Relaxed);
        self.bar.finish_and_clear();
    }
}
