//! Likeness of meaning: vectors that an embeddings model gave, compared with all known ones.

use serde::{Deserialize, Serialize};

/// A direction, a byte for each part: a hundredth of a degree is more than a model's own noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vector {
    parts: Box<[i8]>,
}

impl Vector {
    /// None for one without direction.
    pub fn of(values: &[f32]) -> Option<Self> {
        let largest = values.iter().map(|value| value.abs()).fold(0.0, f32::max);
        if !(largest.is_finite() && largest > 0.0) {
            return None;
        }
        let parts = values.iter().map(|value| (value / largest * 127.0).round() as i8);
        Some(Self { parts: parts.collect() })
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        self.parts.iter().map(|part| part.cast_unsigned()).collect()
    }

    /// None for none.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let parts: Box<[i8]> = bytes.iter().map(|byte| byte.cast_signed()).collect();
        (!parts.is_empty()).then_some(Self { parts })
    }

    /// The cosine of the angle between both; vectors of different models have none in common.
    pub fn cosine(&self, other: &Self) -> f64 {
        if self.parts.len() != other.parts.len() {
            return 0.0;
        }
        let product = f64::from(dot(&self.parts, &other.parts));
        product / (f64::from(dot(&self.parts, &self.parts)) * f64::from(dot(&other.parts, &other.parts))).sqrt()
    }
}

fn dot(left: &[i8], right: &[i8]) -> i32 {
    left.iter()
        .zip(right)
        .map(|(left, right)| i32::from(*left) * i32::from(*right))
        .sum()
}

/// The meanings of known attributes, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Meanings {
    known: Vec<(u32, Vector)>,
}

impl Meanings {
    pub(super) fn insert(&mut self, number: u32, vector: &Vector) {
        self.known.push((number, vector.clone()));
    }

    /// The nearest one, if it is near enough.
    pub(super) fn nearest(&self, vector: &Vector, threshold: f64) -> Option<u32> {
        let distances = self.known.iter().map(|(number, known)| (*number, known.cosine(vector)));
        let nearest = distances.max_by(|left, right| left.1.total_cmp(&right.1))?;
        (nearest.1 >= threshold).then_some(nearest.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_angle_survives_the_bytes() {
        let vector = |angle: f32| Vector::of(&[angle.cos(), angle.sin(), 0.0]).unwrap();
        for angle in [0.0_f32, 0.3, 0.9, 1.5, 3.1] {
            let cosine = vector(0.0).cosine(&vector(angle));
            assert!((cosine - f64::from(angle.cos())).abs() < 0.01, "{angle}: {cosine}");
        }
        assert_eq!(Vector::of(&[0.0, 0.0]), None);
        assert_eq!(Vector::of(&[f32::NAN]), None);
        assert_eq!(vector(0.0).cosine(&Vector::of(&[1.0]).unwrap()), 0.0);
    }

    #[test]
    fn the_nearest_counts_from_the_threshold_on() {
        let mut meanings = Meanings::default();
        meanings.insert(7, &Vector::of(&[1.0, 0.0]).unwrap());
        meanings.insert(9, &Vector::of(&[0.0, 1.0]).unwrap());
        let asked = Vector::of(&[0.2, 1.0]).unwrap();
        assert_eq!(meanings.nearest(&asked, 0.95), Some(9));
        assert_eq!(meanings.nearest(&asked, 0.99), None);
    }
}
