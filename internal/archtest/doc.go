// Package archtest checks what no compiler does: the direction of imports, and the contrast of the colours.
package archtest
