// Each asset lies between two symbols; several files one after the other make one asset.

.macro begin name
  .global page_\name\()_begin
  page_\name\()_begin:
.endm
.macro end name
  .global page_\name\()_end
  page_\name\()_end:
.endm

.section .rodata

begin frame
  .incbin "page.html"
end frame

begin style
  .incbin "page.css"
end style

begin script
  .incbin "elements.js"
  .incbin "charts.js"
  .incbin "saving.js"
  .incbin "stepper.js"
  .incbin "parts.js"
  .incbin "heat.js"
  .incbin "circuit.js"
  .incbin "explanations.js"
  .incbin "margins.js"
  .incbin "page.js"
end script

begin charting
  .incbin "vendored/vega.min.js"
  .incbin "vendored/vega-lite.min.js"
end charting

begin licences
  .incbin "vendored/LICENCES"
end licences

.section .note.GNU-stack, "", %progbits
