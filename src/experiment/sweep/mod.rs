//! Many scenarios that differ in a few values, on the same traffic: which points there are, and making them.
//!
//! In reading order: [`vary`] (what is varied, as typed; [`decimal`] keeps its steps exact), [`design`] (which values
//! meet in a point), [`definition`] (all that the results depend on), [`work`] (making the points, over all threads),
//! [`estimate`] (what that will take), [`findings`] (what all points say together: the best, and the knee of `knee`).
//!
//! Every point has the scenario's seed and the same warm-up, so that points differ in what is varied and in nothing
//! else (common random numbers). Nothing here knows of files: whoever asks for points keeps them as they come.

pub mod decimal;
pub mod definition;
pub mod design;
pub mod estimate;
pub mod findings;
mod knee;
pub mod vary;
pub mod work;
