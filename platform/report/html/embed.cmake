# INPUT as a C++ raw string literal in OUTPUT.
file(READ ${INPUT} text)
file(WRITE ${OUTPUT} "R\"~embedded~(${text})~embedded~\"\n")
