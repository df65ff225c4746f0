//! A chart in the page: the picture, and beside it the figures that it was drawn from, which make it live.

use maud::{Markup, PreEscaped, html};

use crate::report::chart::{Chart, paint};

pub fn draw(chart: &Chart) -> Markup {
    let id = format!("chart-{}", chart.name);
    let svg = paint::inline(&chart.picture, &id);
    html! {
        figure.chart id=(id) {
            h3.unseen { (chart.picture.title) }
            div.canvas tabindex="0" role="region" aria-label={ "Chart: " (chart.picture.title) } { (PreEscaped(svg)) }
            @if let Some(live) = &chart.picture.live {
                script type="application/json" {
                    (PreEscaped(harmless(&serde_json::to_string(live).expect("figures have string keys"))))
                }
            }
        }
    }
}

/// JSON that ends no element, whatever names are in it.
fn harmless(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}
