package userpool

import (
	"maps"
	"slices"
)

// listGroups lists the groups of a pool, by name.
func listGroups(c *call) (object, error) {
	up, err := c.userPool()
	if err != nil {
		return nil, err
	}
	all := make([]object, 0, len(up.groups))
	for _, name := range slices.Sorted(maps.Keys(up.groups)) {
		all = append(all, up.groups[name].describe(up))
	}
	return c.page("Groups", all, "Limit", "NextToken")
}
