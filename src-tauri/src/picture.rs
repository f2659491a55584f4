//! A picture of what is on screen: the page with what is drawn over it.
//!
//! The trap: a page in a frame cannot be painted onto a canvas by any script. Only the web view itself can give its
//! picture, whole and in device pixels; so it is cut here to what was asked for.

use dwell_core::error::ErrorReport;
use serde::Deserialize;
use tauri::WebviewWindow;

/// Part of the window, CSS px from its top left corner.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Crop {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    /// Width of the whole window, by which device pixels are told from CSS px.
    window: f64,
}

impl Crop {
    /// Left, top, width and height in pixels of a picture so wide and high; nothing when no pixel is left.
    fn pixels(&self, wide: usize, high: usize) -> Option<[usize; 4]> {
        let scale = wide as f64 / self.window;
        let inside = |css: f64, most: usize| (css * scale).round().clamp(0.0, most as f64) as usize;
        let (left, top) = (inside(self.x, wide), inside(self.y, high));
        let (right, bottom) = (inside(self.x + self.width, wide), inside(self.y + self.height, high));
        let size = [right.saturating_sub(left), bottom.saturating_sub(top)];
        (scale.is_finite() && size[0] > 0 && size[1] > 0).then_some([left, top, size[0], size[1]])
    }
}

fn failed(reason: &str) -> ErrorReport {
    ErrorReport::new("picture_failed", format!("The picture could not be taken: {reason}."))
}

/// PNG of a part of the window as it is on screen. Blocks: never on the main thread, which paints.
#[cfg(target_os = "linux")]
pub(crate) fn take(window: &WebviewWindow, crop: Crop) -> Result<Vec<u8>, ErrorReport> {
    use std::sync::mpsc;
    use std::time::Duration;

    use webkit2gtk::{SnapshotOptions, SnapshotRegion, WebViewExt};

    /// The web view answers after its next painting.
    const PATIENCE: Duration = Duration::from_secs(20);

    let (send, receive) = mpsc::channel();
    window
        .with_webview(move |platform| {
            let none = webkit2gtk::gio::Cancellable::NONE;
            platform.inner().snapshot(SnapshotRegion::Visible, SnapshotOptions::NONE, none, move |answer| {
                // When nobody waits any more there is nobody to tell.
                let _ = send.send(answer.map_err(|e| e.to_string()).and_then(|surface| png_of(surface, crop)));
            });
        })
        .map_err(|e| failed(&e.to_string()))?;
    match receive.recv_timeout(PATIENCE) {
        Ok(picture) => picture.map_err(|reason| failed(&reason)),
        Err(_) => Err(failed("the web view did not answer")),
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn take(_window: &WebviewWindow, _crop: Crop) -> Result<Vec<u8>, ErrorReport> {
    Err(failed("Dwell can do that on Linux only, so far"))
}

#[cfg(target_os = "linux")]
fn png_of(surface: cairo::Surface, crop: Crop) -> Result<Vec<u8>, String> {
    let image = cairo::ImageSurface::try_from(surface).map_err(|_| "it came in an unknown form".to_owned())?;
    let (wide, high, stride) = (image.width() as usize, image.height() as usize, image.stride() as usize);
    let [left, top, width, height] = crop.pixels(wide, high).ok_or("nothing of the page is in view")?;
    let mut rgb = Vec::with_capacity(width * height * 3);
    image
        .with_data(|data| {
            for row in data.chunks_exact(stride).skip(top).take(height) {
                for pixel in row.chunks_exact(4).skip(left).take(width) {
                    // One native-endian word, alpha in the highest byte; the window is opaque.
                    let word = u32::from_ne_bytes([pixel[0], pixel[1], pixel[2], pixel[3]]);
                    rgb.extend_from_slice(&[(word >> 16) as u8, (word >> 8) as u8, word as u8]);
                }
            }
        })
        .map_err(|e| e.to_string())?;
    encode(width as u32, height as u32, &rgb).map_err(|e| e.to_string())
}

#[cfg(target_os = "linux")]
fn encode(width: u32, height: u32, rgb: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rgb)?;
    writer.finish()?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_stays_inside_the_window() {
        let crop = |x, y, width, height| Crop { x, y, width, height, window: 1000.0 };
        assert_eq!(crop(10.0, 20.0, 300.0, 200.0).pixels(2000, 1000), Some([20, 40, 600, 400]));
        assert_eq!(crop(-50.0, 900.0, 300.0, 200.0).pixels(1000, 1000), Some([0, 900, 250, 100]));
        assert_eq!(crop(1200.0, 0.0, 10.0, 10.0).pixels(1000, 1000), None);
        assert_eq!(crop(f64::NAN, 0.0, 10.0, 10.0).pixels(1000, 1000), None);
        assert_eq!(Crop { window: 0.0, ..crop(0.0, 0.0, 1.0, 1.0) }.pixels(1000, 1000), None);
    }
}
