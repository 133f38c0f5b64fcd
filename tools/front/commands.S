// What `assay manual --json` printed when this was built.

.section .rodata
.global commands_begin
.global commands_end
commands_begin:
  .incbin "commands.json"
commands_end:

.section .note.GNU-stack, "", %progbits
