//! The chart of the project's README: CPU time of a request by peer, the base being 1.

use std::fmt::Write;

use super::{cost, table::ratios};
use crate::peers::BASE;
use crate::rounds::Table;
use crate::stats::Spread;

const LOADS: [&str; 2] = ["small/64", "64KiB"];

const WIDTH: f64 = 760.0;
/// Where bars begin and end.
const LEFT: f64 = 160.0;
const RIGHT: f64 = 690.0;
const ROW: f64 = 26.0;
const BAR: f64 = 16.0;
const HEADING: f64 = 40.0;

// Readable on white and on black alike.
const TEXT: &str = "#737b85";
const OWN: &str = "#e8590c";
const OTHERS: &str = "#8f98a3";

struct Bar<'a> {
    label: &'a str,
    ratio: Spread,
}

/// `None` when nothing of what it shows was measured.
pub(super) fn chart(tables: &[Table]) -> Option<String> {
    let of = |name: &&str| {
        tables
            .iter()
            .find(|table| table.load.name == *name && table.workers == 1)
    };
    let groups: Vec<_> = LOADS
        .iter()
        .filter_map(of)
        .map(|table| (table.load.title, bars(table)))
        .collect();
    (!groups.is_empty()).then(|| draw(&groups))
}

/// The shortest first.
fn bars(table: &Table) -> Vec<Bar<'_>> {
    let bar = |index: usize| {
        let label = table.entries[index].label.as_str();
        ratios(table, index, cost).map(|ratio| Bar { label, ratio })
    };
    let mut bars: Vec<_> = (0..table.entries.len()).filter_map(bar).collect();
    bars.sort_by(|one, other| one.ratio.median.total_cmp(&other.ratio.median));
    bars
}

fn draw(groups: &[(&str, Vec<Bar<'_>>)]) -> String {
    let all = groups.iter().flat_map(|(_, bars)| bars);
    let longest = all.map(|bar| bar.ratio.max).fold(1.0, f64::max);
    let scale = (RIGHT - LEFT) / longest;
    let mut content = String::new();
    let mut y = 34.0;
    for (title, bars) in groups {
        let _ = writeln!(
            content,
            r#"<text x="{LEFT}" y="{:.0}" font-weight="600">{title}</text>"#,
            y + 24.0
        );
        y += HEADING;
        let one = LEFT + scale;
        let end = y + ROW * count(bars) - (ROW - BAR) / 2.0;
        for bar in bars {
            content.push_str(&row(bar, y, scale));
            y += ROW;
        }
        let _ = writeln!(
            content,
            r#"<line x1="{one:.1}" y1="{:.0}" x2="{one:.1}" y2="{end:.0}" stroke="{TEXT}" stroke-dasharray="3 3"/>"#,
            y - ROW * count(bars) - 4.0
        );
    }
    let height = y + 8.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, \
         sans-serif\" font-size=\"14\" fill=\"{TEXT}\">\n\
         <title>CPU time of a request, {BASE} = 1</title>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"16\" font-weight=\"700\">CPU time of a request, \
         {BASE} = 1; shorter is better</text>\n{content}</svg>\n"
    )
}

fn row(bar: &Bar<'_>, y: f64, scale: f64) -> String {
    let Bar { label, ratio } = bar;
    let (fill, weight) = match *label {
        "dial" => (OWN, 700),
        _ => (OTHERS, 400),
    };
    let middle = y + BAR / 2.0;
    let width = ratio.median * scale;
    let (from, to) = (LEFT + ratio.min * scale, LEFT + ratio.max * scale);
    let mut text = format!(
        "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\" font-weight=\"{weight}\">{label}</text>\n\
         <rect x=\"{LEFT}\" y=\"{y:.0}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\" fill=\"{fill}\"/>\n",
        LEFT - 10.0,
        middle + 5.0,
    );
    if ratio.min < ratio.max {
        let _ = writeln!(
            text,
            r#"<line x1="{from:.1}" y1="{middle:.0}" x2="{to:.1}" y2="{middle:.0}" stroke="{TEXT}" stroke-width="2"/>"#
        );
    }
    let _ = writeln!(
        text,
        r#"<text x="{:.0}" y="{:.0}" font-weight="{weight}">{:.2}</text>"#,
        to.max(LEFT + width) + 8.0,
        middle + 5.0,
        ratio.median
    );
    text
}

#[expect(clippy::cast_precision_loss, reason = "a handful")]
fn count(bars: &[Bar<'_>]) -> f64 {
    bars.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_ratio() {
        let bar = |label, median| Bar {
            label,
            ratio: Spread {
                median,
                min: median,
                max: median,
            },
        };
        let chart = draw(&[(
            "small",
            vec![bar("dial", 0.5), bar("nginx", 1.0), bar("x", 2.0)],
        )]);
        let widths: Vec<f64> = chart
            .lines()
            .filter(|line| line.starts_with("<rect"))
            .filter_map(|line| {
                line.split_once("width=\"")?
                    .1
                    .split_once('"')?
                    .0
                    .parse()
                    .ok()
            })
            .collect();
        assert_eq!(widths, [132.5, 265.0, 530.0]);
        assert_eq!(chart.matches(OWN).count(), 1);
        assert!(chart.contains("x1=\"425.0\""), "the line of 1");
    }
}
