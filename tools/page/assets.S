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
  .incbin "records.css"
end style

begin script
  .incbin "elements.js"
  .incbin "saving.js"
  .incbin "stepper.js"
  .incbin "parts.js"
  .incbin "heat.js"
  .incbin "circuit.js"
  .incbin "explanations.js"
  .incbin "margins.js"
  .incbin "page.js"
end script

.section .note.GNU-stack, "", %progbits
