//! What charts have in common: the space of a plot, its axes, names beside it that do not overlap.

use super::axis::Axis;
use super::color::Color;
use super::picture::{MARGIN, Picture, Pixel, SIZE, Type};

/// Where data are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plot {
    pub left: i32,
    pub right: i32,
    pub top: i32,
    pub bottom: i32,
}

impl Plot {
    /// Between margins of the usual picture, pixels.
    pub fn within(left: i32, right: i32) -> Plot {
        Plot { left, right: SIZE.0 - right, top: 138, bottom: SIZE.1 - 86 }
    }

    pub fn middle(&self) -> Pixel {
        ((self.left + self.right) / 2, (self.top + self.bottom) / 2)
    }

    pub fn x(&self, axis: &Axis, value: f64) -> i32 {
        axis.pixel(value, self.left, self.right)
    }

    pub fn y(&self, axis: &Axis, value: f64) -> i32 {
        axis.pixel(value, self.bottom, self.top)
    }

    /// Ticks, their labels and the title below; a label that would touch the one before is left out.
    pub fn horizontal_axis(&self, picture: &mut Picture, axis: &Axis) {
        let kind = Type::small().center();
        let mut free_from = i32::MIN;
        for (at, label) in &axis.ticks {
            let x = self.left + (axis.place_coordinate(*at) * f64::from(self.right - self.left)).round() as i32;
            picture.rule((x, self.top), (x, self.bottom), Color::Grid);
            picture.rule((x, self.bottom), (x, self.bottom + 6), Color::Faint);
            let half = kind.width_of(label) / 2;
            if x - half >= free_from {
                picture.text((x, self.bottom + 11), label, kind);
                free_from = x + half + 8;
            }
        }
        picture.rule((self.left, self.bottom), (self.right, self.bottom), Color::Faint);
        picture.text((self.middle().0, self.bottom + 42), &axis.title, Type::default().center());
    }

    /// Ticks and labels at the left, the title above.
    pub fn vertical_axis(&self, picture: &mut Picture, axis: &Axis) {
        for (at, label) in &axis.ticks {
            let y = self.bottom - (axis.place_coordinate(*at) * f64::from(self.bottom - self.top)).round() as i32;
            picture.rule((self.left, y), (self.right, y), Color::Grid);
            picture.text((self.left - 10, y), label, Type::small().right().level());
        }
        picture.text((MARGIN, self.top - 22), &axis.title, Type::default().above());
    }
}

/// Moves increasing heights apart to `pitch`, between `top` and `bottom`.
pub fn spread(wanted: &[i32], pitch: i32, top: i32, bottom: i32) -> Vec<i32> {
    let mut heights = wanted.to_vec();
    let mut free_from = top;
    for height in &mut heights {
        *height = (*height).max(free_from);
        free_from = *height + pitch;
    }
    let mut free_to = bottom;
    for height in heights.iter_mut().rev() {
        *height = (*height).min(free_to);
        free_to = *height - pitch;
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_never_overlap() {
        assert_eq!(spread(&[100, 105, 300], 20, 0, 500), [100, 120, 300]);
        assert_eq!(spread(&[495, 498, 500], 20, 0, 500), [460, 480, 500]);
        assert_eq!(spread(&[0, 0, 0], 20, 0, 500), [0, 20, 40]);
    }
}
