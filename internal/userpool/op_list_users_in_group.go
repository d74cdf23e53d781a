package userpool

import (
	"maps"
	"slices"
)

// listUsersInGroup lists the members of a group, by name.
func listUsersInGroup(c *call) (object, error) {
	up, g, err := c.group()
	if err != nil {
		return nil, err
	}
	all := []object{}
	for _, key := range slices.Sorted(maps.Keys(up.users)) {
		if u := up.users[key]; slices.Contains(u.groups, g.name) {
			all = append(all, u.describe("Attributes", nil))
		}
	}
	return c.page("Users", all, "Limit", "NextToken")
}
