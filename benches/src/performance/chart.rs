//! Line charts as SVG with both axes logarithmic, readable on light and dark pages.

use std::fmt::Write;

use super::goals::rounded;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;
const COLOURS: [&str; 4] = ["#2f7ed8", "#d9822b", "#2ca25f", "#a64ca6"];

/// One line.
pub struct Line<'a> {
    /// What the legend says.
    pub name: &'a str,
    /// x and y, both more than 0.
    pub points: &'a [(f64, f64)],
}

/// An axis from one power of ten to another.
struct Axis {
    from: f64,
    to: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64> + Clone) -> Self {
        let logs = values.filter(|value| *value > 0.0).map(f64::log10);
        let (low, high) = (logs.clone().fold(f64::MAX, f64::min), logs.fold(f64::MIN, f64::max));
        let (from, to) = (low.floor(), high.ceil());
        Self { from, to: if to > from { to } else { from + 1.0 } }
    }

    /// Between 0 and 1.
    fn place(&self, value: f64) -> f64 {
        (value.max(f64::MIN_POSITIVE).log10() - self.from) / (self.to - self.from)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let (from, to) = (self.from, self.to);
        std::iter::successors(Some(from), move |log| (log + 1.0 <= to).then_some(log + 1.0))
            .map(|log| 10_f64.powf(log))
    }
}

/// Draws lines; `None` when there is nothing to draw.
pub fn draw(title: &str, x_name: &str, y_name: &str, lines: &[Line<'_>]) -> Option<String> {
    let all = || lines.iter().flat_map(|line| line.points.iter().copied());
    all().next()?;
    let x = Axis::over(all().map(|(x, _)| x).collect::<Vec<_>>().into_iter());
    let y = Axis::over(all().map(|(_, y)| y).collect::<Vec<_>>().into_iter());
    let across = |value: f64| LEFT + x.place(value) * (WIDTH - LEFT - RIGHT);
    let up = |value: f64| HEIGHT - BOTTOM - y.place(value) * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\" role=\"img\" aria-label=\"{title}\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"20\" font-size=\"15\" fill=\"#222222\">{title}</text>\n"
    );
    for tick in x.ticks() {
        let (at, bottom) = (across(tick), HEIGHT - BOTTOM);
        svg += &format!(
            "<path d=\"M{at:.1} {TOP}V{bottom}\" stroke=\"#dddddd\"/><text x=\"{at:.1}\" y=\"{}\" \
             text-anchor=\"middle\" fill=\"#444444\">{}</text>\n",
            bottom + 16.0,
            power(tick)
        );
    }
    for tick in y.ticks() {
        let (at, right, label) = (up(tick), WIDTH - RIGHT, LEFT - 8.0);
        svg += &format!(
            "<path d=\"M{LEFT} {at:.1}H{right}\" stroke=\"#dddddd\"/><text x=\"{label}\" y=\"{:.1}\" \
             text-anchor=\"end\" fill=\"#444444\">{}</text>\n",
            at + 4.0,
            power(tick)
        );
    }
    for (n, line) in lines.iter().enumerate() {
        let colour = COLOURS[n % COLOURS.len()];
        let mut path = String::new();
        for (n, (px, py)) in line.points.iter().enumerate() {
            let command = if n == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{command}{:.1} {:.1}", across(*px), up(*py));
        }
        let _ = writeln!(svg, "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>");
        for (px, py) in line.points {
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"{colour}\"><title>{}: {}</title></circle>",
                across(*px),
                up(*py),
                power(*px),
                rounded(*py)
            );
        }
        #[expect(clippy::cast_precision_loss, reason = "there are a few lines")]
        let at = LEFT + 12.0 + n as f64 * 160.0;
        let _ =
            writeln!(svg, "<text x=\"{at}\" y=\"{}\" fill=\"{colour}\">{}</text>", HEIGHT - 8.0, line.name);
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#444444\">{x_name}</text>\n\
         <text x=\"{}\" y=\"20\" text-anchor=\"end\" fill=\"#444444\">{y_name}</text>\n</svg>",
        WIDTH - RIGHT,
        HEIGHT - 8.0,
        WIDTH - RIGHT
    );
    Some(svg)
}

fn power(value: f64) -> String {
    match value {
        v if v >= 1e6 => format!("{} M", v / 1e6),
        v if v >= 1e3 => format!("{} k", v / 1e3),
        v => format!("{}", (v * 1000.0).round() / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stand_within_the_frame() {
        let line = Line { name: "memory", points: &[(100.0, 30.0), (19_000.0, 170.0)] };
        let svg = draw("Growth", "connections", "MiB", &[line]).unwrap();
        assert!(svg.contains("M70.0") && svg.ends_with("</svg>\n"), "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        assert!(draw("Growth", "x", "y", &[]).is_none());
    }
}
