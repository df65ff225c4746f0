//! Servers, services and who calls whom, from the clients at the left; how busy each part is, and what saturates first.

use super::super::color::{Color, Pen};
use super::super::heat_map::{Scale, legend};
use super::super::picture::{MARGIN, Picture, Pixel, SIZE, SMALL_SIZE, TINY_SIZE, Type};
use super::data::{RunData, TopologyData};

const TOP: i32 = 136;
const BOTTOM: i32 = SIZE.1 - 24;
const CLIENTS_WIDTH: i32 = 86;
const BOX_WIDTH_MAX: i32 = 236;
/// Between columns, for links.
const GAP: i32 = 56;
/// Text and heights of lines, where there is room and where there is little.
const LARGE: Setting = Setting { text: SMALL_SIZE, line: 27, name: 36 };
const DENSE: Setting = Setting { text: TINY_SIZE, line: 21, name: 28 };
/// Between boxes of a column.
const SPACE: i32 = 20;
const COLUMNS_MAX: usize = 6;
/// Nothing passes there while all is well.
const STANDBY: Pen = Pen { color: Color::Faint, width: 2, dash: (5, 4) };
/// Servers with the same services are one box from so many on.
const ALIKE: usize = 4;

#[derive(Clone, Copy)]
struct Setting {
    text: i32,
    line: i32,
    name: i32,
}

/// Servers that do the same, or a service without hardware.
struct Node {
    name: String,
    servers: Vec<usize>,
    services: Vec<usize>,
    column: usize,
    meters: Vec<Meter>,
    at: Pixel,
    size: Pixel,
}

struct Meter {
    name: String,
    /// The busiest of several servers.
    utilization: f64,
    bottleneck: bool,
}

pub fn picture(data: &RunData) -> Picture {
    let topology = &data.topology;
    let mut subtitle = data.setting.clone();
    if let Some(bottleneck) = &topology.bottleneck {
        subtitle = format!("{subtitle}; saturates first: {bottleneck}");
    }
    let mut picture = Picture::new("What stands where, and how busy it is", &subtitle);
    let mut nodes = nodes(topology);
    if nodes.is_empty() {
        picture.says((SIZE.0 / 2, SIZE.1 / 2), "There is nothing to draw.");
        return picture;
    }
    legend(&mut picture, &Scale::share("Share of the capacity in use"));
    let (setting, hidden) = place(&mut nodes);
    let shown: Vec<&Node> = nodes.iter().filter(|node| node.size.1 > 0).collect();
    let clients = (MARGIN + CLIENTS_WIDTH, (TOP + BOTTOM) / 2);
    for &(caller, called) in &topology.calls {
        for to in shown.iter().filter(|node| node.services.contains(&called)) {
            match caller {
                None => {
                    let pen = if to.is_used() { Pen::solid(Color::Faint, 3) } else { STANDBY };
                    link(&mut picture, clients, to.left(), pen);
                }
                Some(caller) => {
                    for from in shown.iter().filter(|node| node.services.contains(&caller)) {
                        between(&mut picture, from, to);
                    }
                }
            }
        }
    }
    for &(primary, replica) in &topology.replicates {
        let holds = |server: usize| shown.iter().find(|node| node.servers.contains(&server));
        if let (Some(from), Some(to)) = (holds(primary), holds(replica)) {
            replication(&mut picture, from, to);
        }
    }
    let (from, to) = ((MARGIN, clients.1 - 22), (clients.0, clients.1 + 22));
    picture.fill(from, to, Color::Paper);
    picture.frame(from, to, Pen::solid(Color::Faint, 2));
    picture.text(((from.0 + to.0) / 2, clients.1), "clients", Type::small().center().level());
    for node in &shown {
        draw(&mut picture, node, topology, setting);
    }
    if hidden > 0 {
        let text = format!("{hidden} more not shown");
        picture.text((SIZE.0 - MARGIN, 104), &text, Type::small().faint().right().level());
    }
    picture
}

impl Node {
    fn left(&self) -> Pixel {
        (self.at.0, self.at.1 + self.size.1 / 2)
    }

    fn height(&self, setting: Setting) -> i32 {
        setting.name + setting.line * (self.services.len() + self.meters.len()) as i32 + 10
    }

    /// Whether requests pass through it.
    fn is_used(&self) -> bool {
        self.meters.iter().any(|meter| meter.utilization > 0.0)
    }

    fn right(&self) -> Pixel {
        (self.at.0 + self.size.0, self.at.1 + self.size.1 / 2)
    }
}

/// In the order of columns, then of the scenario.
fn nodes(topology: &TopologyData) -> Vec<Node> {
    let columns = columns(topology);
    let mut groups: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
    for server in 0..topology.servers.len() {
        let on = |service: &usize| topology.services[*service].servers.contains(&server);
        let services: Vec<usize> = (0..topology.services.len()).filter(on).collect();
        // a replica does not do what its primary does
        let replicates = topology.replicates.iter().any(|&(from, to)| from == server || to == server);
        match groups.iter_mut().find(|(of, _)| *of == services && !replicates) {
            Some((_, servers)) => servers.push(server),
            None => groups.push((services, vec![server])),
        }
    }
    let mut nodes = Vec::new();
    for (services, servers) in groups.into_iter().filter(|(services, _)| !services.is_empty()) {
        let column = services.iter().map(|&service| columns[service]).min().unwrap_or(0);
        if servers.len() < ALIKE {
            for server in servers {
                nodes.push(node(topology, vec![server], services.clone(), column));
            }
        } else {
            nodes.push(node(topology, servers, services, column));
        }
    }
    for (id, service) in topology.services.iter().enumerate().filter(|(_, service)| service.servers.is_empty()) {
        let mut alone = node(topology, Vec::new(), vec![id], columns[id]);
        alone.name = service.name.clone();
        nodes.push(alone);
    }
    nodes.sort_by_key(|node| node.column);
    nodes
}

fn node(topology: &TopologyData, servers: Vec<usize>, services: Vec<usize>, column: usize) -> Node {
    let bottleneck = |station: &str| topology.bottleneck.as_deref() == Some(station);
    let mut meters: Vec<Meter> = Vec::new();
    for &server in &servers {
        let server = &topology.servers[server];
        for (part, utilization) in &server.parts {
            let station = match part.as_str() {
                "CPU" => "cpu",
                "net out" => "nic_out",
                "net in" => "nic_in",
                other => other,
            };
            let marked = bottleneck(&format!("{}.{station}", server.name));
            match meters.iter_mut().find(|meter| meter.name == *part) {
                Some(meter) => {
                    meter.utilization = meter.utilization.max(*utilization);
                    meter.bottleneck |= marked;
                }
                None => meters.push(Meter { name: part.clone(), utilization: *utilization, bottleneck: marked }),
            }
        }
    }
    for &service in &services {
        if let Some((station, utilization)) = &topology.services[service].fullest {
            let name = station.rsplit('.').next().unwrap_or(station).replace('_', " ");
            // what belongs to another server of the service is shown there
            let elsewhere = topology.servers.iter().enumerate().any(|(id, server)| {
                !servers.contains(&id) && station.split('.').any(|word| word.split("->").next() == Some(&server.name))
            });
            if !elsewhere {
                meters.push(Meter { name, utilization: *utilization, bottleneck: bottleneck(station) });
            }
        }
    }
    let names: Vec<&str> = servers.iter().map(|&server| topology.servers[server].name.as_str()).collect();
    let name = match names[..] {
        [] => String::new(),
        [one] => one.to_owned(),
        [first, .., last] => format!("{} servers: {first} to {last}", names.len()),
    };
    Node { name, servers, services, column, meters, at: (0, 0), size: (0, 0) }
}

/// The longest way from the clients, in calls.
fn columns(topology: &TopologyData) -> Vec<usize> {
    let mut columns = vec![0; topology.services.len()];
    // as often as a way without a circle may be long
    for _ in 0..topology.services.len().min(COLUMNS_MAX) {
        for &(caller, called) in &topology.calls {
            if let Some(caller) = caller.filter(|caller| *caller != called) {
                columns[called] = columns[called].max((columns[caller] + 1).min(COLUMNS_MAX - 1));
            }
        }
    }
    columns
}

/// Gives each its place; returns how text is set, and how many have no place.
fn place(nodes: &mut [Node]) -> (Setting, usize) {
    let mut used: Vec<usize> = nodes.iter().map(|node| node.column).collect();
    used.dedup();
    let left = MARGIN + CLIENTS_WIDTH + GAP;
    let count = used.len() as i32;
    let width = ((SIZE.0 - MARGIN - left - GAP * (count - 1)) / count).min(BOX_WIDTH_MAX);
    let gap = if count > 1 { (SIZE.0 - MARGIN - left - width * count) / (count - 1) } else { 0 }.min(2 * GAP);
    let all =
        |members: &[&mut Node], setting| members.iter().map(|node| node.height(setting) + SPACE).sum::<i32>() - SPACE;
    let mut columns: Vec<Vec<&mut Node>> = used.iter().map(|_| Vec::new()).collect();
    for node in nodes.iter_mut() {
        columns[used.iter().position(|column| *column == node.column).expect("a column of its own")].push(node);
    }
    let room = width >= 190 && columns.iter().all(|members| all(members, LARGE) <= BOTTOM - TOP);
    let setting = if room { LARGE } else { DENSE };
    let mut hidden = 0;
    for (i, members) in columns.iter_mut().enumerate() {
        // the busiest meter alone where all do not fit
        if all(members, setting) > BOTTOM - TOP {
            for node in members.iter_mut() {
                let rank = |meter: &Meter| (meter.bottleneck, meter.utilization);
                node.meters.sort_by(|a, b| rank(b).partial_cmp(&rank(a)).unwrap_or(std::cmp::Ordering::Equal));
                node.meters.truncate(1);
                node.services.truncate(3);
            }
        }
        // the bottleneck stays
        while all(members, setting) > BOTTOM - TOP && members.len() > 1 {
            let spare = members.iter().rposition(|node| !node.meters.iter().any(|meter| meter.bottleneck));
            members.remove(spare.unwrap_or(0));
            hidden += 1;
        }
        let mut y = TOP + (BOTTOM - TOP - all(members, setting)) / 2;
        for node in members {
            node.at = (left + (width + gap) * i as i32, y);
            node.size = (width, node.height(setting));
            y += node.size.1 + SPACE;
        }
    }
    (setting, hidden)
}

fn draw(picture: &mut Picture, node: &Node, topology: &TopologyData, setting: Setting) {
    let (x, y) = node.at;
    let to = (x + node.size.0, y + node.size.1);
    let marked = node.meters.iter().any(|meter| meter.bottleneck);
    picture.fill((x, y), to, Color::Paper);
    picture.frame((x, y), to, if marked { Pen::solid(Color::Kind(1), 4) } else { Pen::solid(Color::Faint, 2) });
    let kind = Type { size: setting.text + 2, ..Type::default() }.bold();
    picture.text((x + 10, y + 8), &kind.fit(&node.name, node.size.0 - 20), kind);
    let mut line = y + setting.name + setting.line / 2;
    for &service in &node.services {
        let service = &topology.services[service];
        let text = if node.servers.is_empty() {
            service.kind.clone()
        } else if service.name == service.kind {
            service.name.clone()
        } else {
            format!("{} ({})", service.name, service.kind)
        };
        let kind = Type { size: setting.text, ..Type::default() }.level();
        picture.text((x + 10, line), &kind.fit(&text, node.size.0 - 20), kind);
        line += setting.line;
    }
    for meter in &node.meters {
        draw_meter(picture, meter, (x + 10, line), node.size.0 - 20, setting.text);
        line += setting.line;
    }
}

/// A name, a bar out of the whole, a number.
fn draw_meter(picture: &mut Picture, meter: &Meter, (x, y): Pixel, width: i32, size: i32) {
    let kind = Type { size, color: Color::Ink, bold: meter.bottleneck, ..Type::default() }.level();
    let (names, figures) = (width * 45 / 100, kind.width_of("100%") + 4);
    picture.text((x, y), &kind.fit(&meter.name, names - 6), kind);
    let (from, to) = (x + names, x + width - figures);
    let end = from + (meter.utilization.clamp(0.0, 1.0) * f64::from(to - from)).round() as i32;
    picture.fill((from, y - size / 3), (to, y + size / 3), Color::Grid);
    if end > from {
        picture.fill((from, y - size / 3), (end, y + size / 3), Color::of_share(meter.utilization));
    }
    let percent = meter.utilization * 100.0;
    let text = if percent > 0.0 && percent < 1.0 { "<1%".into() } else { format!("{percent:.0}%") };
    picture.text((x + width, y), &text, kind.right());
}

fn between(picture: &mut Picture, from: &Node, to: &Node) {
    if from.at == to.at {
        return;
    }
    let busy = |node: &Node, part: &str| {
        node.meters.iter().find(|meter| meter.name == part).map_or(0.0, |meter| meter.utilization)
    };
    let share = busy(from, "net out").max(busy(to, "net in"));
    // the lightest would not be seen
    let color = Color::of_share(share).max(Color::Level(3));
    let pen = if from.is_used() && to.is_used() { Pen::solid(color, 3) } else { STANDBY };
    if from.column < to.column {
        link(picture, from.right(), to.left(), pen);
    } else {
        link(picture, from.left(), to.right(), pen);
    }
}

/// A line with a head.
fn link(picture: &mut Picture, from: Pixel, to: Pixel, pen: Pen) {
    let ahead = if to.0 >= from.0 { 1 } else { -1 };
    let neck = (to.0 - 10 * ahead, to.1);
    picture.line(vec![from, (from.0 + 12 * ahead, from.1), (neck.0 - 8 * ahead, neck.1), neck], pen);
    picture.area(vec![to, (neck.0, neck.1 - 6), (neck.0, neck.1 + 6)], pen.color, 1.0);
}

/// Between servers of one service, which stand in one column.
fn replication(picture: &mut Picture, from: &Node, to: &Node) {
    let pen = Pen { dash: (5, 4), ..Pen::solid(Color::Faint, 2) };
    let x = |node: &Node| node.at.0 + node.size.0 / 2;
    let (above, below) = if from.at.1 <= to.at.1 { (from, to) } else { (to, from) };
    let (start, end) = ((x(above), above.at.1 + above.size.1), (x(below), below.at.1));
    picture.line(vec![start, end], pen);
    if end.1 - start.1 >= SPACE && from.at.0 == to.at.0 {
        picture.text((start.0 + 8, (start.1 + end.1) / 2), "replication", Type::tiny().level());
    }
}

#[cfg(test)]
mod tests {
    use super::super::data::{ServerNode, ServiceNode};
    use super::*;

    fn topology(webs: usize) -> TopologyData {
        let server = |name: String| ServerNode { name, parts: vec![("CPU".into(), 0.3), ("disk".into(), 0.1)] };
        let mut servers = vec![server("lb1".into())];
        servers.extend((1..=webs).map(|i| server(format!("web{i}"))));
        let service = |name: &str, servers: Vec<usize>| ServiceNode {
            name: name.into(),
            kind: "station".into(),
            servers,
            fullest: None,
        };
        TopologyData {
            servers,
            services: vec![service("lb", vec![0]), service("web", (1..=webs).collect())],
            calls: vec![(None, 0), (Some(0), 1)],
            replicates: Vec::new(),
            bottleneck: Some(format!("web{webs}.cpu")),
        }
    }

    #[test]
    fn a_farm_is_one_box_and_the_bottleneck_is_in_it() {
        let few = nodes(&topology(3));
        assert_eq!(few.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), ["lb1", "web1", "web2", "web3"]);
        let many = nodes(&topology(600));
        assert_eq!(many[1].name, "600 servers: web1 to web600");
        assert!(many[1].meters[0].bottleneck && !many[1].meters[1].bottleneck && many[1].column == 1);
    }

    #[test]
    fn boxes_stay_in_the_picture_and_apart() {
        let mut nodes = nodes(&topology(3));
        assert_eq!(place(&mut nodes).1, 0);
        for (i, node) in nodes.iter().enumerate() {
            assert!(
                node.at.1 >= TOP && node.at.1 + node.size.1 <= BOTTOM && node.at.0 + node.size.0 <= SIZE.0 - MARGIN
            );
            for other in &nodes[..i] {
                let apart = node.at.0 != other.at.0 || node.at.1 >= other.at.1 + other.size.1 + SPACE;
                assert!(apart, "{} and {}", node.name, other.name);
            }
        }
    }

    #[test]
    fn calls_in_a_circle_end() {
        let mut circle = topology(1);
        circle.calls = vec![(None, 0), (Some(0), 1), (Some(1), 0)];
        assert!(columns(&circle).iter().all(|column| *column < COLUMNS_MAX));
    }
}
