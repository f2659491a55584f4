//! WebKit's content filter: refuses every load that is not the app's own, in every frame.
//!
//! The trap: the binding has no safe call for the filter store, so this is the one module with `unsafe`, and the filter
//! is compiled asynchronously. Nothing here may be used from another thread than GTK's.

#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use webkit2gtk::gio::ffi as gio_ffi;
use webkit2gtk::glib::{ffi as glib_ffi, gobject_ffi, translate::ToGlibPtr};
use webkit2gtk::{UserContentManager, ffi};

/// Everything is blocked first, then the four schemes that never leave the process are let through again. WebKit's
/// patterns know no alternatives, hence one rule for each.
const RULES: &[u8] = br#"[
{"trigger":{"url-filter":".*"},"action":{"type":"block"}},
{"trigger":{"url-filter":"^tauri://localhost"},"action":{"type":"ignore-previous-rules"}},
{"trigger":{"url-filter":"^ipc://localhost"},"action":{"type":"ignore-previous-rules"}},
{"trigger":{"url-filter":"^replay-asset://localhost"},"action":{"type":"ignore-previous-rules"}},
{"trigger":{"url-filter":"^data:"},"action":{"type":"ignore-previous-rules"}},
{"trigger":{"url-filter":"^about:"},"action":{"type":"ignore-previous-rules"}}
]"#;

type Done = Box<dyn FnOnce(Result<(), String>)>;

struct Pending {
    content: UserContentManager,
    done: Done,
}

/// Compiles the rules into `folder` and puts them in force; `done` hears when they are, or why not.
pub(crate) fn install(content: &UserContentManager, folder: &Path, done: Done) {
    let (Ok(path), Ok(name)) = (CString::new(folder.as_os_str().as_bytes()), CString::new("offline")) else {
        done(Err(format!("{} is not a folder name", folder.display())));
        return;
    };
    let pending = Box::into_raw(Box::new(Pending { content: content.clone(), done }));
    // SAFETY: GTK's thread (Tauri runs `with_webview` there). The strings outlive the calls, which copy them; the rules
    // are static. `pending` is given to the callback, which GIO calls exactly once.
    unsafe {
        let store = ffi::webkit_user_content_filter_store_new(path.as_ptr());
        let rules = glib_ffi::g_bytes_new_static(RULES.as_ptr().cast::<c_void>(), RULES.len());
        ffi::webkit_user_content_filter_store_save(
            store,
            name.as_ptr(),
            rules,
            ptr::null_mut(),
            Some(saved),
            pending.cast::<c_void>(),
        );
        glib_ffi::g_bytes_unref(rules);
        // The running task holds a reference of its own.
        gobject_ffi::g_object_unref(store.cast::<gobject_ffi::GObject>());
    }
}

/// GIO's answer to `install`.
unsafe extern "C" fn saved(store: *mut gobject_ffi::GObject, result: *mut gio_ffi::GAsyncResult, pending: *mut c_void) {
    // SAFETY: `pending` is the box that `install` leaked for this one call; `store` and `result` are GIO's, alive for
    // its length. A filter that comes back is ours to unref, an error ours to free.
    let (done, outcome) = unsafe {
        let Pending { content, done } = *Box::from_raw(pending.cast::<Pending>());
        let mut error: *mut glib_ffi::GError = ptr::null_mut();
        let filter = ffi::webkit_user_content_filter_store_save_finish(store.cast(), result, &mut error);
        if filter.is_null() {
            let reason = if error.is_null() {
                "no reason was given".to_owned()
            } else {
                let reason = CStr::from_ptr((*error).message).to_string_lossy().into_owned();
                glib_ffi::g_error_free(error);
                reason
            };
            (done, Err(reason))
        } else {
            let manager: *mut ffi::WebKitUserContentManager = content.to_glib_none().0;
            ffi::webkit_user_content_manager_add_filter(manager, filter);
            ffi::webkit_user_content_filter_unref(filter);
            (done, Ok(()))
        }
    };
    done(outcome);
}
