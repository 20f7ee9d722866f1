// SPDX-License-Identifier: Apache-2.0
#include "workloads/tflite.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "base/error.h"
#include "workloads/check.h"
#include "workloads/geometry.h"
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
        op.attributes = read_attributes(op, table.table(tflite::OperatorField::kOptions));
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
    return require(
        op.kind == OperatorKind::kReshape ||
            (present && found == tflite::expected_options(op.kind)),
        "{} has options of another operator, or none; {} has options of type {}, found {}", op.name,
        operator_name(op.kind), static_cast<int>(tflite::expected_options(op.kind)),
        static_cast<int>(present ? found : OptionsType::kNone));
  }

  Attributes read_attributes(const Operator& op, const Table& options) {
    switch (op.kind) {
      case OperatorKind::kConv2d:
        return read_conv(op, options);
      case OperatorKind::kDepthwiseConv2d:
        return read_depthwise(op, options);
      case OperatorKind::kFullyConnected:
        return read_fully_connected(op, options);
      case OperatorKind::kAveragePool2d:
      case OperatorKind::kMaxPool2d:
        return read_pool(op, options);
      case OperatorKind::kAdd:
        return Add{read_activation(op, options, tflite::AddField::kActivation)};
      case OperatorKind::kReshape:
        return Reshape{};
      case OperatorKind::kSoftmax:
        return Softmax{options.scalar<float>(tflite::SoftmaxField::kBeta, 0.0F)};
    }
    throw base::InternalError("operator kind without attributes");
  }

  template <typename Field>
  Activation read_activation(const Operator& op, const Table& options, Field field) {
    const auto code = options.scalar<std::int8_t>(field, 0);
    switch (code) {
      case 0:
        return Activation::kNone;
      case 1:
        return Activation::kRelu;
      case 2:
        return Activation::kReluN1To1;
      case 3:
        return Activation::kRelu6;
      default:
        require(false,
                "{} has the unsupported activation {}; allowed: 0 none, 1 relu, 2 relu_n1_to_1, 3 "
                "relu6",
                op.name, code);
        return Activation::kNone;
    }
  }

  /// Shape of operand `index` if it has four dimensions, else {1, 1, 1, 1}, which check_graph
  /// will refuse.
  std::vector<std::int32_t> shape4(const Operator& op, std::size_t index) const {
    const bool exists = index < op.inputs.size() && op.inputs[index] != kNoTensor;
    const auto shape = exists ? graph_.tensor(op.inputs[index]).shape : std::vector<std::int32_t>();
    const bool good = shape.size() == 4 && *std::min_element(shape.begin(), shape.end()) >= 1;
    return good ? shape : std::vector<std::int32_t>{1, 1, 1, 1};
  }

  template <typename Field>
  void read_strides(const Table& options, Window& window) {
    window.stride_w = options.scalar<std::int32_t>(Field::kStrideW, 0);
    window.stride_h = options.scalar<std::int32_t>(Field::kStrideH, 0);
  }

  /// Checks the extents and resolves SAME (0) and VALID (1).
  template <typename Field>
  void read_padding(const Operator& op, const Table& options, Window& window) {
    const auto code = options.scalar<std::int8_t>(Field::kPadding, 0);
    const auto extents = {window.kernel_h, window.kernel_w,   window.stride_h,
                          window.stride_w, window.dilation_h, window.dilation_w};
    const auto [least, most] = std::minmax(extents);
    if (require(code == 0 || code == 1,
                "{} has the unsupported padding {}; allowed: 0 same, 1 valid", op.name, code) &&
        require(least >= 1 && most <= kMaximumWindow,
                "{} has a kernel, stride or dilation outside 1 .. {}", op.name, kMaximumWindow) &&
        code == 0) {
      const auto input = shape4(op, 0);
      pad_same(window, input[1], input[2]);
    }
  }

  /// The window of a convolution: both kinds have [.][h][w][.] filters.
  template <typename Field>
  Window read_filter_window(const Operator& op, const Table& options) {
    Window window;
    const auto filter = shape4(op, 1);
    window.kernel_h = filter[1];
    window.kernel_w = filter[2];
    read_strides<Field>(options, window);
    window.dilation_h = options.scalar<std::int32_t>(Field::kDilationH, 1);
    window.dilation_w = options.scalar<std::int32_t>(Field::kDilationW, 1);
    read_padding<Field>(op, options, window);
    return window;
  }

  Conv2d read_conv(const Operator& op, const Table& options) {
    using Field = tflite::Conv2dField;
    Conv2d conv;
    conv.window = read_filter_window<Field>(op, options);
    conv.activation = read_activation(op, options, Field::kActivation);
    conv.groups = std::max(shape4(op, 0)[3] / shape4(op, 1)[3], 1);
    return conv;
  }

  DepthwiseConv2d read_depthwise(const Operator& op, const Table& options) {
    using Field = tflite::DepthwiseField;
    DepthwiseConv2d conv;
    conv.window = read_filter_window<Field>(op, options);
    conv.activation = read_activation(op, options, Field::kActivation);
    conv.multiplier = std::max(shape4(op, 1)[3] / shape4(op, 0)[3], 1);
    return conv;
  }

  FullyConnected read_fully_connected(const Operator& op, const Table& options) {
    using Field = tflite::FullyConnectedField;
    require(options.scalar<std::int8_t>(Field::kWeightsFormat, 0) == 0,
            "{} has shuffled weights, which are not supported", op.name);
    return {read_activation(op, options, Field::kActivation),
            options.scalar<std::uint8_t>(Field::kKeepDimensions, 0) != 0};
  }

  Pool2d read_pool(const Operator& op, const Table& options) {
    using Field = tflite::Pool2dField;
    Pool2d pool;
    pool.window.kernel_h = options.scalar<std::int32_t>(Field::kFilterH, 0);
    pool.window.kernel_w = options.scalar<std::int32_t>(Field::kFilterW, 0);
    read_strides<Field>(options, pool.window);
    read_padding<Field>(op, options, pool.window);
    pool.activation = read_activation(op, options, Field::kActivation);
    return pool;
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
