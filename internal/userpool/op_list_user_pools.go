package userpool

import (
	"maps"
	"slices"
)

// listUserPools lists the pools, by id.
func listUserPools(c *call) (object, error) {
	all := make([]object, 0, len(c.p.pools))
	for _, id := range slices.Sorted(maps.Keys(c.p.pools)) {
		up := c.p.pools[id]
		all = append(all, object{
			"Id": up.id, "Name": up.name, "CreationDate": epoch(up.created), "LastModifiedDate": epoch(up.modified),
		})
	}
	return c.page("UserPools", all, "MaxResults", "NextToken")
}
