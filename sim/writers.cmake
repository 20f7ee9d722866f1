# SPDX-License-Identifier: Apache-2.0
# Writers: one result of a run as text and files.
set(MILLIWATT_WRITERS_SOURCES
    write_breakdown.cpp write_csv.cpp write_dataset.cpp write_files.cpp write_grid.cpp write_json.cpp
    write_numbers.cpp write_sequence.cpp write_table.cpp write_tensors.cpp)

milliwatt_test(writers_test
  SOURCES write_breakdown_test.cpp write_csv_test.cpp write_dataset_test.cpp write_json_test.cpp write_numbers_test.cpp
          write_sequence_test.cpp          write_table_test.cpp write_tensors_test.cpp write_testing.cpp
  DEPS milliwatt_sim nlohmann_json::nlohmann_json LABELS unit SYSTEMC)
