// SPDX-License-Identifier: Apache-2.0
#include "workloads/tflite.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "base/error.h"
#include "workloads/check.h"
#include "workloads/tflite_attributes.h"
#include "workloads/tflite_schema.h"

namespace milliwatt::workloads {

namespace {

using tflite::Builtin;
using tflite::OptionsType;
using tflite::Table;

/// Many tensors may share one buffer of a small file, and each gets a copy.
constexpr std::size_t kMaximumConstantBytes = std::size_t{1} << 30;

/// Turns one verified file into a graph. Collects faults and throws once per stage.
class Importer {
 public:
  Importer(const Table& model, std::string name) {
    graph_.name = std::move(name);
    codes_ = model.tables(tflite::ModelField::kOperatorCodes);
    buffers_ = model.tables(tflite::ModelField::kBuffers);
    const auto subgraphs = model.tables(tflite::ModelField::kSubgraphs);
    require(subgraphs.size() == 1, "has {} subgraphs; milliwatt runs exactly one",
            subgraphs.size());
    stop_if_faulty();
    subgraph_ = subgraphs.front();
    operators_ = subgraph_.tables(tflite::SubgraphField::kOperators);
  }

  Graph run() {
    check_operator_support();
    read_tensors();
    read_interface();
    read_operators();
    check_graph(graph_);
    return std::move(graph_);
  }

 private:
  template <typename... Arguments>
  bool require(bool good, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    if (!good) {
      faults_.push_back(fmt::format("{}: {}", graph_.name,
                                    fmt::format(text, std::forward<Arguments>(arguments)...)));
    }
    return good;
  }

  void stop_if_faulty() {
    if (!faults_.empty()) {
      throw base::UserError(std::move(faults_));
    }
  }

  /// Code of an operator: new files use the wide field, old ones only the narrow field.
  std::int32_t builtin(const Table& op) const {
    const Table& code = codes_.at(op.scalar<std::uint32_t>(tflite::OperatorField::kOpcodeIndex, 0));
    const std::int32_t narrow = code.scalar<std::int8_t>(tflite::OperatorCodeField::kOldBuiltin, 0);
    return std::max(narrow, code.scalar<std::int32_t>(tflite::OperatorCodeField::kBuiltin, 0));
  }

  std::string name_of(const Table& op) const {
    const std::int32_t code = builtin(op);
    const Table& entry =
        codes_.at(op.scalar<std::uint32_t>(tflite::OperatorField::kOpcodeIndex, 0));
    return static_cast<Builtin>(code) == Builtin::kCustom
               ? "CUSTOM " + entry.string(tflite::OperatorCodeField::kCustomName)
               : tflite::builtin_name(code);
  }

  void check_operator_support() {
    for (std::size_t i = 0; i < operators_.size(); ++i) {
      const auto code = operators_[i].scalar<std::uint32_t>(tflite::OperatorField::kOpcodeIndex, 0);
      require(code < codes_.size(), "operator {} names operator code {}, the file has {}", i, code,
              codes_.size());
    }
    stop_if_faulty();
    std::map<std::string, int> unsupported;
    for (const Table& op : operators_) {
      if (!tflite::kind_of(builtin(op))) {
        ++unsupported[name_of(op)];
      }
    }
    std::string list;
    for (const auto& [operator_label, count] : unsupported) {
      list += fmt::format("{}{} x {}", list.empty() ? "" : ", ", count, operator_label);
    }
    require(unsupported.empty(), "unsupported operators: {}", list);
    stop_if_faulty();
  }

  void read_tensors() {
    const auto tables = subgraph_.tables(tflite::SubgraphField::kTensors);
    for (std::size_t i = 0; i < tables.size(); ++i) {
      graph_.tensors.push_back(read_tensor(tables[i], i));
      constant_bytes_ += graph_.tensors.back().data.size();
      require(constant_bytes_ <= kMaximumConstantBytes, "has more than {} bytes of constants",
              kMaximumConstantBytes);
      if (constant_bytes_ > kMaximumConstantBytes) {
        break;
      }
    }
    stop_if_faulty();
  }

  Tensor read_tensor(const Table& table, std::size_t index) {
    Tensor tensor;
    tensor.name = table.string(tflite::TensorField::kName);
    if (tensor.name.empty()) {
      tensor.name = fmt::format("tensor_{}", index);
    }
    const auto code = table.scalar<std::int8_t>(tflite::TensorField::kType, 0);
    const auto type = tflite::element_type(code);
    if (require(type.has_value(),
                "tensor '{}' has the unsupported element type {}; milliwatt reads float32, int32, "
                "uint8, int64, "
                "bool, int16, int8 and int4",
                tensor.name, code)) {
      tensor.type = *type;
    }
    tensor.shape = table.vector<std::int32_t>(tflite::TensorField::kShape);
    require(!table.table(tflite::TensorField::kSparsity).present(),
            "tensor '{}' is stored sparsely, which is not supported", tensor.name);
    read_quantization(table.table(tflite::TensorField::kQuantization), tensor);
    read_data(table, tensor);
    return tensor;
  }

  void read_quantization(const Table& table, Tensor& tensor) {
    tensor.quantization.scales = table.vector<float>(tflite::QuantizationField::kScale);
    tensor.quantization.dimension =
        table.scalar<std::int32_t>(tflite::QuantizationField::kDimension, 0);
    for (const std::int64_t z : table.vector<std::int64_t>(tflite::QuantizationField::kZeroPoint)) {
      const bool fits = z >= std::numeric_limits<std::int32_t>::min() &&
                        z <= std::numeric_limits<std::int32_t>::max();
      require(fits, "tensor '{}' has zero point {}", tensor.name, z);
      tensor.quantization.zero_points.push_back(fits ? static_cast<std::int32_t>(z) : 0);
    }
  }

  void read_data(const Table& table, Tensor& tensor) {
    const auto index = table.scalar<std::uint32_t>(tflite::TensorField::kBuffer, 0);
    if (!require(index < buffers_.size(), "tensor '{}' names buffer {}, the file has {}",
                 tensor.name, index, buffers_.size())) {
      return;
    }
    const Table& buffer = buffers_[index];
    require(buffer.scalar<std::uint64_t>(tflite::BufferField::kOffset, 0) <= 1,
            "tensor '{}' has data behind the model, which is not supported", tensor.name);
    tensor.data = buffer.vector<std::uint8_t>(tflite::BufferField::kData);
    if (table.scalar<std::uint8_t>(tflite::TensorField::kIsVariable, 0) != 0) {
      tensor.role = TensorRole::kState;
      require(tensor.data.empty(), "state tensor '{}' has data", tensor.name);
    } else if (!tensor.data.empty()) {
      tensor.role = TensorRole::kConstant;
    }
  }

  void read_interface() {
    graph_.inputs = subgraph_.vector<std::int32_t>(tflite::SubgraphField::kInputs);
    graph_.outputs = subgraph_.vector<std::int32_t>(tflite::SubgraphField::kOutputs);
    for (const TensorId id : graph_.inputs) {
      if (!require(valid(id), "the network's input is tensor {}, the file has {}", id,
                   graph_.tensors.size())) {
        continue;
      }
      Tensor& tensor = graph_.tensors[static_cast<std::size_t>(id)];
      if (require(tensor.role != TensorRole::kConstant && tensor.role != TensorRole::kState,
                  "input '{}' has data or is a state", tensor.name)) {
        tensor.role = TensorRole::kInput;
      }
    }
    stop_if_faulty();
    if (!graph_.inputs.empty() && !graph_.tensor(graph_.inputs.front()).shape.empty()) {
      graph_.batch = graph_.tensor(graph_.inputs.front()).shape.front();
    }
  }

  bool valid(TensorId id) const {
    return id >= 0 && static_cast<std::size_t>(id) < graph_.tensors.size();
  }

  void read_operators() {
    for (std::size_t i = 0; i < operators_.size(); ++i) {
      const Table& table = operators_[i];
      Operator op;
      op.kind = *tflite::kind_of(builtin(table));
      op.name = fmt::format("{}_{}", operator_name(op.kind), i);
      op.inputs = table.vector<std::int32_t>(tflite::OperatorField::kInputs);
      op.outputs = table.vector<std::int32_t>(tflite::OperatorField::kOutputs);
      if (check_operands(op) && check_options(op, table)) {
        op.attributes = tflite::read_attributes({graph_, op, static_cast<Builtin>(builtin(table)),
                                                 table.table(tflite::OperatorField::kOptions)},
                                                faults_);
        list_states(op);
      }
      graph_.operators.push_back(std::move(op));
    }
    stop_if_faulty();
  }

  /// What reading the attributes relies on; check_graph does the rest.
  bool check_operands(const Operator& op) {
    const auto bad = std::find_if(op.inputs.begin(), op.inputs.end(),
                                  [this](TensorId id) { return id != kNoTensor && !valid(id); });
    return require(bad == op.inputs.end(), "{} reads tensor {}, the file has {}", op.name,
                   bad == op.inputs.end() ? 0 : *bad, graph_.tensors.size()) &&
           require(!op.inputs.empty() && valid(op.inputs.front()), "{} has no first input",
                   op.name);
  }

  bool check_options(const Operator& op, const Table& table) {
    const auto found = static_cast<OptionsType>(
        table.scalar<std::uint8_t>(tflite::OperatorField::kOptionsType, 0));
    const bool present = table.table(tflite::OperatorField::kOptions).present();
    const OptionsType expected = tflite::expected_options(static_cast<Builtin>(builtin(table)));
    return require(
        expected == OptionsType::kNone || (present && found == expected),
        "{} has options of another operator, or none; {} has options of type {}, found {}", op.name,
        operator_name(op.kind), static_cast<int>(expected),
        static_cast<int>(present ? found : OptionsType::kNone));
  }

  /// An LSTM and an SVDF keep their states among their inputs.
  void list_states(Operator& op) const {
    for (const TensorId id : op.inputs) {
      if (valid(id) && graph_.tensor(id).role == TensorRole::kState) {
        op.states.push_back(id);
      }
    }
  }

  Graph graph_;
  Table subgraph_;
  std::vector<Table> codes_;
  std::vector<Table> buffers_;
  std::vector<Table> operators_;
  std::size_t constant_bytes_ = 0;
  std::vector<std::string> faults_;
};

}  // namespace

Graph read_tflite(const std::vector<std::uint8_t>& bytes, std::string name) {
  const Table model = tflite::open_model(bytes, name);
  return Importer(model, std::move(name)).run();
}

}  // namespace milliwatt::workloads
