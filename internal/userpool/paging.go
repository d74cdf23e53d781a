package userpool

import (
	"encoding/binary"
)

const pagePurpose = "page"

// maxPage is the page of all list operations, and what a limit of 0 means.
const maxPage = 60

// page answers one page of a list. The token is sealed with the operation's name, so that one made up or brought from
// another list is refused.
func (c *call) page(member string, all []object, limit, token string) (object, error) {
	from := 0
	if c.input.has(token) {
		sealed, err := strict.DecodeString(c.input.text(token))
		content, ok := c.p.sealer.open(sealed, pagePurpose+c.name)
		if err != nil || !ok {
			return nil, invalidParameter("Invalid pagination token given.")
		}
		from = int(binary.BigEndian.Uint32(content))
	}
	size := c.input.whole(limit, maxPage)
	if size == 0 {
		size = maxPage
	}
	from = min(from, len(all))
	to := min(from+size, len(all))
	output := object{member: all[from:to]}
	if to < len(all) {
		random, err := c.p.random(12)
		if err != nil {
			return nil, err
		}
		next := binary.BigEndian.AppendUint32(nil, uint32(to)) //nolint:gosec // an index of a list in memory
		output[token] = strict.EncodeToString(c.p.sealer.seal(random, next, pagePurpose+c.name))
	}
	return output, nil
}
