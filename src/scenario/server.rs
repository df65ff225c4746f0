//! `[server.x]`: the hardware. The defaults are a general-purpose virtual machine with a network SSD.

use super::distribution::distribution;
use super::model::{Cpu, CpuDiscipline, Disk, Server};
use super::quantity::Dimension;
use super::reader::{Reader, Section};
use super::values::{choice, positive, positive_number, whole};

const CORES_MAX: u32 = 4096;
const VM: &str = "a general-purpose cloud machine (4 cores with 4 GiB each, as AWS m7i.xlarge)";
const SSD: &str = "AWS EBS user guide: gp3 baseline, 3,000 IOPS and 125 MiB/s";

const DISCIPLINES: &[(&str, CpuDiscipline)] = &[("ps", CpuDiscipline::ProcessorSharing), ("fcfs", CpuDiscipline::Fcfs)];

pub fn read(reader: &mut Reader, section: &mut Section<'_>, name: &str) -> Server {
    let cpu = section.within(reader, "cpu", |reader, cpu| Cpu {
        cores: cpu.or_default(reader, "cores", whole(1, CORES_MAX), "4", VM),
        speed: cpu.or_default(
            reader,
            "speed",
            positive_number(1000.0),
            "1.0",
            "the core on which the times were measured",
        ),
        discipline: cpu.or_default(
            reader,
            "discipline",
            choice(DISCIPLINES),
            "\"ps\"",
            "time slices of the kernel's fair scheduler, in the limit",
        ),
    });
    let memory_bytes = section.or_default(reader, "memory", positive(Dimension::Size), "16 GiB", VM);
    let disk = section.within(reader, "disk", |reader, disk| Disk {
        iops: disk.or_default(reader, "iops", positive_number(1e9), "3000", SSD),
        throughput_bytes_per_s: disk.or_default(
            reader,
            "throughput",
            positive(Dimension::Throughput),
            "125 MiB/s",
            SSD,
        ),
        latency: disk.or_default(
            reader,
            "latency",
            distribution(Dimension::Time),
            "0.5 ms",
            "our choice: AWS promises single-digit milliseconds for gp3, usual is less than one",
        ),
        fsync: disk.or_default(
            reader,
            "fsync",
            distribution(Dimension::Time),
            "lognormal(0.8 ms, cv 1.5)",
            "our lab: fdatasync of 4 KiB, p50 0.49 ms with a heavy tail",
        ),
    });
    let nic = "our choice: the least that a server has today";
    let nic_bytes_per_s = section.or_default(reader, "nic", positive(Dimension::Throughput), "1 Gbit/s", nic);
    Server { name: name.to_string(), cpu, memory_bytes, disk, nic_bytes_per_s }
}
