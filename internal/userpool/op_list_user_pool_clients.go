package userpool

import (
	"maps"
	"slices"
)

// listUserPoolClients lists the app clients of a pool, by id.
func listUserPoolClients(c *call) (object, error) {
	up, err := c.userPool()
	if err != nil {
		return nil, err
	}
	all := []object{}
	for _, id := range slices.Sorted(maps.Keys(c.p.clients)) {
		if cl := c.p.clients[id]; cl.pool == up {
			all = append(all, object{"ClientId": cl.id, "ClientName": cl.name, "UserPoolId": up.id})
		}
	}
	return c.page("UserPoolClients", all, "MaxResults", "NextToken")
}
