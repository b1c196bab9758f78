package rules

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
)

// Quickened returns the groups with alerts that wait, and go on, for a part of their time: minutes become seconds by 60. It is for runs
// in which somebody looks on until an alert fires; expressions stay as they are.
func Quickened(groups []Group, by int) ([]Group, error) {
	out := make([]Group, 0, len(groups))
	for _, g := range groups {
		quick := Group{Name: g.Name, Records: g.Records}
		for _, a := range g.Alerts {
			for _, d := range []*string{&a.For, &a.KeepFiring} {
				if err := quicken(d, by); err != nil {
					return nil, fmt.Errorf("alert %s: %w", a.Name, err)
				}
			}
			quick.Alerts = append(quick.Alerts, a)
		}
		out = append(out, quick)
	}
	return out, nil
}

func quicken(d *string, by int) error {
	if *d == "" {
		return nil
	}
	whole, err := model.ParseDuration(*d)
	if err != nil {
		return err
	}
	part := (time.Duration(whole) / time.Duration(by)).Round(time.Millisecond)
	*d = model.Duration(part).String()
	return nil
}
