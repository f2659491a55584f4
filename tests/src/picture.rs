//! Looks at screenshots.

use std::collections::HashMap;

/// A decoded screenshot, RGB.
pub struct Picture {
    pub width: u32,
    pub height: u32,
    rgb: Vec<[u8; 3]>,
}

impl Picture {
    /// # Panics
    /// When `bytes` are no 8-bit PNG.
    pub fn decode(bytes: &[u8]) -> Picture {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().expect("a screenshot is a PNG");
        let mut raw = vec![0; reader.output_buffer_size().expect("a screenshot fits into memory")];
        let info = reader.next_frame(&mut raw).expect("a whole PNG");
        let step = info.color_type.samples();
        let rgb = raw[..info.buffer_size()]
            .chunks_exact(step)
            .map(|pixel| if step < 3 { [pixel[0]; 3] } else { [pixel[0], pixel[1], pixel[2]] })
            .collect();
        Picture { width: info.width, height: info.height, rgb }
    }

    /// How often each colour occurs.
    pub fn colours(&self) -> HashMap<[u8; 3], usize> {
        self.rgb.iter().fold(HashMap::new(), |mut counts, pixel| {
            *counts.entry(*pixel).or_insert(0) += 1;
            counts
        })
    }

    /// The part of the picture (0 to 1) that shows this colour, give or take `off` in each channel.
    pub fn share_of(&self, colour: [u8; 3], off: u8) -> f64 {
        let near = |pixel: &&[u8; 3]| pixel.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= off);
        self.rgb.iter().filter(near).count() as f64 / self.rgb.len().max(1) as f64
    }
}
