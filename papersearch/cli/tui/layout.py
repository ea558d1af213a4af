"""The layout of `papersearch browse`, in textual's CSS; all colours are the terminal's own."""

NARROW = 100
"""Width in columns from which the preview is beside the hits."""

LAYOUT = """
Screen { layout: vertical; }
.line { height: 1; layout: horizontal; }
.line > Static { width: auto; padding: 0 1 0 0; }
.line > Input { width: 1fr; }
.second { display: none; }
.-on-filters #line-filters, .-on-tags #line-tags, .-on-note #line-note { display: block; }
#panes { height: 1fr; layout: horizontal; }
#hits, #page { height: 1fr; }
.-reading-help #hits { display: none; }
#hits { width: 11fr; }
#page { width: 9fr; border-left: vkey ansi_bright_black; padding: 0 0 0 1; }
.-narrow #panes { layout: vertical; }
.-narrow #hits { width: 100%; height: 2fr; }
.-narrow #page { width: 100%; height: 3fr; padding: 0; }
.-narrow #page { border-left: none; border-top: hkey ansi_bright_black; }
.-reading-help #page { border: none; padding: 0; }
#status { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
Input > .input--cursor, Input:ansi > .input--cursor {
    background: ansi_default; color: ansi_default; text-style: reverse;
}
"""
