package helpdesk

import (
	"context"
	"io"
)

// AuditTrail lists entries in their order, starting behind the number after.
func (d *Desk) AuditTrail(ctx context.Context, agent Agent, after int64, limit int) ([]AuditEntry, error) {
	return nil, nil
}

// VerifyAudit walks the store's chain and answers its last entry. A [*BrokenChain] names the first bad one.
func (d *Desk) VerifyAudit(ctx context.Context, agent Agent) (AuditEntry, error) {
	return AuditEntry{}, nil
}

// ExportAudit writes the chain as JSON lines.
func (d *Desk) ExportAudit(ctx context.Context, agent Agent, w io.Writer) error { return nil }

// VerifyExport reads JSON lines that ExportAudit wrote and answers the last entry. A [*BrokenChain] names the first line
// that is not as it was written.
func VerifyExport(r io.Reader) (AuditEntry, error) { return AuditEntry{}, nil }
