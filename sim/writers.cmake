# SPDX-License-Identifier: Apache-2.0
# Writers: one result of a run as text and files.
set(MILLIWATT_WRITERS_SOURCES
    write_breakdown.cpp write_csv.cpp write_files.cpp write_grid.cpp write_json.cpp
    write_numbers.cpp write_table.cpp write_tensors.cpp)
