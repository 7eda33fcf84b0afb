package rollup

import "trunkline/pkg/curated"

// WithFiles has a Rollup publish other files than Parquet.
func (r *Rollup) WithFiles(files func(curated.Day) ([]curated.Object, error)) *Rollup {
	r.files = files
	return r
}
