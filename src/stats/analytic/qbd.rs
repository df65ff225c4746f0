//! Quasi-birth-death chains: levels 0 (the boundary), 1, 2, ... that all look alike from level 1 on, solved by
//! the matrix-geometric method with logarithmic reduction (Latouche and Ramaswami 1993).

use super::{Analytic, AnalyticError};

/// Row-major, small and dense.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    pub rows: usize,
    pub columns: usize,
    cells: Vec<f64>,
}

impl Matrix {
    pub fn zero(rows: usize, columns: usize) -> Matrix {
        Matrix { rows, columns, cells: vec![0.0; rows * columns] }
    }

    pub fn identity(n: usize) -> Matrix {
        let mut matrix = Matrix::zero(n, n);
        (0..n).for_each(|i| matrix.add(i, i, 1.0));
        matrix
    }

    pub fn at(&self, row: usize, column: usize) -> f64 {
        self.cells[row * self.columns + column]
    }

    pub fn add(&mut self, row: usize, column: usize, value: f64) {
        self.cells[row * self.columns + column] += value;
    }

    fn combine(&self, other: &Matrix, factor: f64) -> Matrix {
        let cells = self.cells.iter().zip(&other.cells).map(|(a, b)| a + factor * b).collect();
        Matrix { cells, ..*self }
    }

    pub fn times(&self, other: &Matrix) -> Matrix {
        let mut product = Matrix::zero(self.rows, other.columns);
        for i in 0..self.rows {
            for k in 0..self.columns {
                let a = self.at(i, k);
                if a != 0.0 {
                    for j in 0..other.columns {
                        product.add(i, j, a * other.at(k, j));
                    }
                }
            }
        }
        product
    }

    /// The X with self X = right, by elimination with row pivots.
    pub fn solve(&self, right: &Matrix) -> Analytic<Matrix> {
        let n = self.rows;
        let (mut a, mut x) = (self.clone(), right.clone());
        for column in 0..n {
            let pivot = (column..n).max_by(|&i, &j| a.at(i, column).abs().total_cmp(&a.at(j, column).abs()));
            let pivot = pivot.filter(|&row| a.at(row, column) != 0.0);
            let pivot = pivot.ok_or(AnalyticError::Invalid("the chain's equations are singular"))?;
            for j in 0..n {
                a.cells.swap(column * n + j, pivot * n + j);
            }
            for j in 0..x.columns {
                x.cells.swap(column * x.columns + j, pivot * x.columns + j);
            }
            for row in 0..n {
                let factor = a.at(row, column) / a.at(column, column);
                if row != column && factor != 0.0 {
                    for j in column..n {
                        a.add(row, j, -factor * a.at(column, j));
                    }
                    for j in 0..x.columns {
                        x.add(row, j, -factor * x.at(column, j));
                    }
                }
            }
        }
        for row in 0..n {
            for j in 0..x.columns {
                x.cells[row * x.columns + j] /= a.at(row, row);
            }
        }
        Ok(x)
    }

    fn transposed(&self) -> Matrix {
        let mut transposed = Matrix::zero(self.columns, self.rows);
        for i in 0..self.rows {
            for j in 0..self.columns {
                transposed.add(j, i, self.at(i, j));
            }
        }
        transposed
    }
}

/// Transition rates. Diagonals are filled in by `solve`, so only what leaves a state is given.
#[derive(Clone, Debug)]
pub struct Qbd {
    /// Within the boundary level; from it to level 1; from level 1 to it.
    pub boundary: Matrix,
    pub boundary_up: Matrix,
    pub boundary_down: Matrix,
    /// From level n >= 1: to n + 1, within, and (n >= 2) to n - 1.
    pub up: Matrix,
    pub local: Matrix,
    pub down: Matrix,
}

/// Stationary probabilities.
#[derive(Clone, Debug)]
pub struct Stationary {
    pub boundary: Vec<f64>,
    pub first: Vec<f64>,
    /// Sum over levels n >= 1 of the probabilities by phase.
    pub repeating: Vec<f64>,
    /// Sum over levels n >= 1 of n times the probabilities by phase.
    pub level_mean: Vec<f64>,
}

impl Qbd {
    pub fn solve(mut self) -> Analytic<Stationary> {
        let (m, n) = (self.boundary.rows, self.local.rows);
        for i in 0..m {
            let out: f64 = (0..m).map(|j| self.boundary.at(i, j)).sum::<f64>()
                + (0..n).map(|j| self.boundary_up.at(i, j)).sum::<f64>();
            self.boundary.add(i, i, -out);
        }
        for i in 0..n {
            let out: f64 = (0..n).map(|j| self.local.at(i, j) + self.up.at(i, j) + self.down.at(i, j)).sum();
            self.local.add(i, i, -out);
        }
        let rate = self.rate_matrix()?;
        // pi_0 B + pi_1 D = 0, pi_0 U + pi_1 (A1 + R A2) = 0, one equation replaced by the normalization
        // pi_0 1 + pi_1 (I - R)^-1 1 = 1
        let identity = Matrix::identity(n);
        let remaining = identity.combine(&rate, -1.0);
        let mut ones = Matrix::zero(n, 1);
        (0..n).for_each(|i| ones.add(i, 0, 1.0));
        let levels = remaining.solve(&ones)?;
        if (0..n).any(|i| levels.at(i, 0) < 0.0) {
            return Err(AnalyticError::Invalid("no steady state: the chain drifts away"));
        }
        let first_local = self.local.combine(&rate.times(&self.down), 1.0);
        let mut system = Matrix::zero(m + n, m + n); // transposed
        for i in 0..m {
            (0..m).for_each(|j| system.add(j, i, self.boundary.at(i, j)));
            (0..n).for_each(|j| system.add(m + j, i, self.boundary_up.at(i, j)));
        }
        for i in 0..n {
            (0..m).for_each(|j| system.add(j, m + i, self.boundary_down.at(i, j)));
            (0..n).for_each(|j| system.add(m + j, m + i, first_local.at(i, j)));
        }
        for column in 0..m + n {
            let weight = if column < m { 1.0 } else { levels.at(column - m, 0) };
            system.cells[column] = weight;
        }
        let mut right = Matrix::zero(m + n, 1);
        right.add(0, 0, 1.0);
        let solution = system.solve(&right)?;
        let boundary: Vec<f64> = (0..m).map(|i| solution.at(i, 0)).collect();
        let first: Vec<f64> = (0..n).map(|i| solution.at(m + i, 0)).collect();
        // x (I - R) = y solved as (I - R)^T x^T = y^T
        let transposed = remaining.transposed();
        let column = |values: &[f64]| Matrix { rows: n, columns: 1, cells: values.to_vec() };
        let repeating = transposed.solve(&column(&first))?;
        let level_mean = transposed.solve(&repeating)?;
        Ok(Stationary { boundary, first, repeating: repeating.cells, level_mean: level_mean.cells })
    }

    /// R with A0 + R A1 + R^2 A2 = 0, by way of G.
    fn rate_matrix(&self) -> Analytic<Matrix> {
        let n = self.local.rows;
        let zero = Matrix::zero(n, n);
        let identity = Matrix::identity(n);
        let negative_local = zero.combine(&self.local, -1.0);
        let mut high = negative_local.solve(&self.up)?;
        let mut low = negative_local.solve(&self.down)?;
        let mut g = low.clone();
        let mut product = high.clone();
        for _ in 0..64 {
            let mixed = high.times(&low).combine(&low.times(&high), 1.0);
            let pivot = identity.combine(&mixed, -1.0);
            let (next_high, next_low) = (pivot.solve(&high.times(&high))?, pivot.solve(&low.times(&low))?);
            let change = product.times(&next_low);
            g = g.combine(&change, 1.0);
            product = product.times(&next_high);
            (high, low) = (next_high, next_low);
            let largest = change.cells.iter().fold(0.0f64, |largest, c| largest.max(c.abs()));
            if largest < 1e-17 {
                break;
            }
        }
        // R = A0 (-(A1 + A0 G))^-1, solved from the left
        let inner = zero.combine(&self.local.combine(&self.up.times(&g), 1.0), -1.0);
        Ok(inner.transposed().solve(&self.up.transposed())?.transposed())
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn one_phase_is_mm1() {
        let single = |rate: f64| Matrix { rows: 1, columns: 1, cells: vec![rate] };
        let chain = Qbd {
            boundary: single(0.0),
            boundary_up: single(80.0),
            boundary_down: single(100.0),
            up: single(80.0),
            local: single(0.0),
            down: single(100.0),
        };
        let solved = chain.solve().unwrap();
        assert_close(solved.boundary[0], 0.2);
        assert_close(solved.level_mean[0], 4.0);
        assert_close(solved.repeating[0], 0.8);
    }
}
