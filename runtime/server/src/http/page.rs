//! The page for people: what the API says, in a browser. Bundled from `web/`; it asks nobody else.

use axum::http::{HeaderName, header};
use axum::response::IntoResponse;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; \
                      img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    let head: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (head, text)
}

pub(super) async fn index() -> impl IntoResponse {
    asset("text/html; charset=utf-8", include_str!("../../assets/index.html"))
}

/// The interface is described on the page itself.
pub(super) async fn docs() -> impl IntoResponse {
    axum::response::Redirect::to("/#/api")
}

pub(super) async fn script() -> impl IntoResponse {
    asset("text/javascript; charset=utf-8", include_str!("../../assets/page.js"))
}

pub(super) async fn style() -> impl IntoResponse {
    asset("text/css; charset=utf-8", include_str!("../../assets/page.css"))
}
