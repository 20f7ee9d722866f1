// SPDX-License-Identifier: Apache-2.0
// Damaged .tflite files, each with all that is said about it. They are made here: tables that break
// a rule, and good files with bytes overwritten.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "workloads/tflite.h"
#include "workloads/tflite_small_models.h"

namespace milliwatt::workloads {
namespace {

using testing::ElementsAreArray;
using tflite::Builtin;
using tflite::ModelSpec;
using tflite::OperatorSpec;
using tflite::OptionsType;
using tflite::TypeCode;
using Bytes = std::vector<std::uint8_t>;
using Messages = std::vector<std::string>;

Messages faults_of(const Bytes& bytes) {
  try {
    read_tflite(bytes, "net");
  } catch (const base::UserError& error) {
    return error.messages();
  }
  return {};
}

/// One rule broken in the tables of small_model(): 1x4x4x2 `in` -> conv2d_0 -> `mid` -> reshape_1
/// -> `out`.
struct BrokenTables {
  const char* label;
  void (*damage)(ModelSpec&);
  Messages messages;
};

void PrintTo(const BrokenTables& broken, std::ostream* out) { *out << broken.label; }

class BrokenModel : public testing::TestWithParam<BrokenTables> {};

TEST_P(BrokenModel, IsRefusedWithItsMessages) {
  ModelSpec model = tflite::small_model();
  GetParam().damage(model);
  EXPECT_THAT(faults_of(tflite::build_model(model)), ElementsAreArray(GetParam().messages));
}

const BrokenTables kBrokenTables[] = {
    {"TwoSubgraphs",
     [](ModelSpec& m) { m.subgraphs = 2; },
     {"net: has 2 subgraphs; milliwatt runs exactly one"}},
    {"NoSubgraph",
     [](ModelSpec& m) { m.subgraphs = 0; },
     {"net: has 0 subgraphs; milliwatt runs exactly one"}},
    {"BufferIndex",
     [](ModelSpec& m) { m.missing_buffers = 1; },
     {"net: tensor 'out' names buffer 6, the file has 6"}},
    {"ShortBuffer",
     [](ModelSpec& m) { m.tensors[1].data.pop_back(); },
     {"net: tensor 'filter': int8 [3, 3, 3, 2] takes 54 bytes, its buffer has 53"}},
    {"LongBuffer",
     [](ModelSpec& m) { m.tensors[1].data.push_back(0); },
     {"net: tensor 'filter': int8 [3, 3, 3, 2] takes 54 bytes, its buffer has 55"}},
    {"ScaleCount",
     [](ModelSpec& m) { m.tensors[1].scales.pop_back(); },
     {"net: tensor 'filter': 2 scales but 3 zero points",
      "net: tensor 'filter': 2 scales along dimension 0 of shape [3, 3, 3, 2]"}},
    {"ScalesPerChannel",
     [](ModelSpec& m) {
       m.tensors[1].scales.pop_back();
       m.tensors[1].zero_points.pop_back();
     },
     {"net: tensor 'filter': 2 scales along dimension 0 of shape [3, 3, 3, 2]"}},
    {"ScaleDimension",
     [](ModelSpec& m) { m.tensors[1].dimension = 4; },
     {"net: tensor 'filter': 3 scales along dimension 4 of shape [3, 3, 3, 2]"}},
    {"NegativeDimension",
     [](ModelSpec& m) { m.tensors[1].dimension = -1; },
     {"net: tensor 'filter': 3 scales along dimension -1 of shape [3, 3, 3, 2]"}},
    {"ZeroScale",
     [](ModelSpec& m) { m.tensors[0].scales = {0.0F}; },
     {"net: tensor 'in': scale 0 is not a positive number"}},
    {"ZeroPoint",
     [](ModelSpec& m) { m.tensors[0].zero_points = {128}; },
     {"net: tensor 'in': zero point 128 does not fit int8"}},
    {"WideZeroPoint",
     [](ModelSpec& m) { m.tensors[0].zero_points = {1LL << 40}; },
     {"net: tensor 'in' has zero point 1099511627776"}},
    {"NegativeExtent",
     [](ModelSpec& m) { m.tensors[0].shape[1] = -1; },
     {"net: tensor 'in': shape [1, -1, 4, 2] has an extent below 1 or takes more than 1073741824 "
      "bytes"}},
    {"HugeShape",
     [](ModelSpec& m) {
       m.tensors[0].shape = {1 << 30, 1 << 30, 1 << 30, 2};
     },
     {"net: tensor 'in': shape [1073741824, 1073741824, 1073741824, 2] has an extent below 1 or "
      "takes more than 1073741824 bytes"}},
    {"InputIndex",
     [](ModelSpec& m) { m.inputs = {6}; },
     {"net: the network's input is tensor 6, the file has 6"}},
    {"OutputIndex",
     [](ModelSpec& m) { m.outputs = {-1}; },
     {"net: the network's output list reads tensor -1, which does not exist"}},
    {"ConstantInput",
     [](ModelSpec& m) { m.inputs = {1}; },
     {"net: input 'filter' has data or is a state"}},
    {"OperandIndex",
     [](ModelSpec& m) { m.operators[0].inputs[0] = 99; },
     {"net: conv2d_0 reads tensor 99, the file has 6"}},
    {"ResultIndex",
     [](ModelSpec& m) { m.operators[0].outputs[0] = 99; },
     {"net: conv2d_0 writes tensor 99, which does not exist",
      "net: reshape_1 reads tensor 'mid' before any operator has written it"}},
    {"ReadBeforeWritten",
     [](ModelSpec& m) { std::swap(m.operators[0], m.operators[1]); },
     {"net: reshape_0 reads tensor 'mid' before any operator has written it"}},
    {"WritesConstant",
     [](ModelSpec& m) { m.operators[0].outputs = {2}; },
     {"net: conv2d_0 writes tensor 'bias', which already holds a value",
      "net: reshape_1 reads tensor 'mid' before any operator has written it"}},
    {"WritesTwice",
     [](ModelSpec& m) { m.operators[1].outputs = {3}; },
     {"net: reshape_1 writes tensor 'mid', which already holds a value",
      "net: the network's output list reads tensor 'out' before any operator has written it"}},
    {"OutputShape",
     [](ModelSpec& m) {
       m.tensors[3].shape = {1, 2, 2, 4};
     },
     {"net: conv2d_0: expects shape [1, 2, 2, 3] for 'mid', which has [1, 2, 2, 4]",
      "net: reshape_1: changes 16 elements into 12"}},
    {"ReshapeElements",
     [](ModelSpec& m) {
       m.tensors[5].shape = {1, 11};
     },
     {"net: reshape_1: changes 12 elements into 11"}},
    {"WeightZeroPoint",
     [](ModelSpec& m) { m.tensors[1].zero_points[1] = 1; },
     {"net: conv2d_0: has weights with a zero point other than 0"}},
    {"Unquantized",
     [](ModelSpec& m) {
       m.tensors[0].scales.clear();
       m.tensors[0].zero_points.clear();
     },
     {"net: conv2d_0: needs exactly one scale for 'in', which has 0"}},
    {"FloatInput",
     [](ModelSpec& m) { m.tensors[0].type = TypeCode::kFloat32; },
     {"net: conv2d_0: maps float32 to int8, which conv2d does not support; convert the network to "
      "full integer quantization"}},
    {"UnknownType",
     [](ModelSpec& m) { m.tensors[0].type = static_cast<TypeCode>(1); },
     {"net: tensor 'in' has the unsupported element type 1; milliwatt reads float32, int32, uint8, "
      "int64, bool, int16, int8 and int4"}},
    {"BiasLength",
     [](ModelSpec& m) {
       m.tensors[2] = {"bias", TypeCode::kInt32, {2}, {0.1F}, {0}, Bytes(8, 0), 0, false};
     },
     {"net: conv2d_0: has 2 bias values for 3 channels"}},
    {"Stride",
     [](ModelSpec& m) { m.operators[0].options[1].value = 0; },
     {"net: conv2d_0 has a kernel, stride or dilation outside 1 .. 65536"}},
    {"Padding",
     [](ModelSpec& m) { m.operators[0].options[0].value = std::int8_t{2}; },
     {"net: conv2d_0 has the unsupported padding 2; allowed: 0 same, 1 valid"}},
    {"Activation",
     [](ModelSpec& m) { m.operators[0].options[3].value = std::int8_t{4}; },
     {"net: conv2d_0 has the unsupported activation 4; allowed: 0 none, 1 relu, 2 relu_n1_to_1, 3 "
      "relu6"}},
    {"OptionsOfAnother",
     [](ModelSpec& m) { m.operators[0].options_type = OptionsType::kAdd; },
     {"net: conv2d_0 has options of another operator, or none; conv2d has options of type 1, found "
      "11"}},
    {"NoOptions",
     [](ModelSpec& m) { m.operators[0].options_type = OptionsType::kNone; },
     {"net: conv2d_0 has options of another operator, or none; conv2d has options of type 1, found "
      "0"}},
    {"TooManyInputs",
     [](ModelSpec& m) { m.operators[0].inputs.push_back(2); },
     {"net: conv2d_0: has 4 inputs and 1 outputs; conv2d takes 2 to 3 inputs and 1 output"}},
    {"NoOperators",
     [](ModelSpec& m) { m.operators.clear(); },
     {"net: the network's output list reads tensor 'out' before any operator has written it",
      "net: the network has no operators or no outputs"}},
    {"MultiplierRange",
     [](ModelSpec& m) {
       m.tensors[1].scales = {1e30F, 1.0F, 1.0F};
     },
     {"net: conv2d_0: multiplies accumulators by 2^30 or more"}},
    {"MissingQuantizationOfWeights",
     [](ModelSpec& m) {
       m.tensors[1].scales.clear();
       m.tensors[1].zero_points.clear();
     },
     {"net: conv2d_0: has weights without a scale"}},
    {"MissingQuantizationOfTheOutput",
     [](ModelSpec& m) {
       m.tensors[3].scales.clear();
       m.tensors[3].zero_points.clear();
     },
     {"net: conv2d_0: needs exactly one scale for 'mid', which has 0"}},
    {"InfiniteScale",
     [](ModelSpec& m) { m.tensors[0].scales = {INFINITY}; },
     {"net: tensor 'in': scale inf is not a positive number"}},
    {"NegativeScale",
     [](ModelSpec& m) { m.tensors[0].scales = {-0.5F}; },
     {"net: tensor 'in': scale -0.5 is not a positive number"}},
    {"Uint8Tensors",
     [](ModelSpec& m) {
       for (const int i : {0, 3, 5}) m.tensors[i].type = TypeCode::kUint8;
       m.tensors[0].zero_points = m.tensors[3].zero_points = m.tensors[5].zero_points = {3};
     },
     {"net: conv2d_0: maps uint8 to uint8, which conv2d does not support"}},
    {"FloatModel",
     [](ModelSpec& m) {
       for (const std::size_t i : {0U, 1U, 3U, 5U}) {
         m.tensors[i].type = TypeCode::kFloat32;
         m.tensors[i].data.resize(4 * m.tensors[i].data.size());
       }
     },
     {"net: conv2d_0: maps float32 to float32, which conv2d does not support; convert the network "
      "to full integer quantization"}},
    {"WeightsAreNotConstant",
     [](ModelSpec& m) {
       m.tensors[1].data.clear();
       m.inputs = {0, 1};
     },
     {"net: conv2d_0: has weights that are not constant"}},
    {"BiasType",
     [](ModelSpec& m) {
       m.tensors[2].type = TypeCode::kInt8;
       m.tensors[2].data.resize(3);
     },
     {"net: conv2d_0: has an int8 bias"}},
    {"Cycle",
     [](ModelSpec& m) { m.operators[0].inputs[0] = 5; },
     {"net: conv2d_0 reads tensor 'out' before any operator has written it"}},
    {"SelfLoop",
     [](ModelSpec& m) { m.operators[0].inputs[0] = 3; },
     {"net: conv2d_0 reads tensor 'mid' before any operator has written it"}},
    {"NoOutputs",
     [](ModelSpec& m) { m.outputs.clear(); },
     {"net: the network has no operators or no outputs"}},
    {"NoInputs",
     [](ModelSpec& m) { m.inputs.clear(); },
     {"net: conv2d_0 reads tensor 'in' before any operator has written it"}},
    {"NoTensors",
     [](ModelSpec& m) { m.tensors.clear(); },
     {"net: the network's input is tensor 0, the file has 0"}},
    {"UnknownOperators",
     [](ModelSpec& m) {
       OperatorSpec other = m.operators[1];
       for (const int code : {36, 26, 36, 32, 300}) {
         other.wide_code = code;
         other.custom_name = code == 32 ? "ethos-u" : "";
         m.operators.push_back(other);
       }
     },
     {"net: unsupported operators: 1 x CUSTOM ethos-u, 2 x GATHER, 1 x SPACE_TO_DEPTH, 1 x "
      "operator 300"}},
    {"NegativeOperatorCode",
     [](ModelSpec& m) { m.operators[0].narrow_code = m.operators[0].wide_code = -7; },
     {"net: unsupported operators: 1 x operator -7"}},
    {"StateWithData",
     [](ModelSpec& m) { m.tensors[1].variable = true; },
     {"net: state tensor 'filter' has data"}},
    {"RankOfTheInput",
     [](ModelSpec& m) {
       m.tensors[0].shape = {1, 32};
     },
     {"net: conv2d_0: expects 4 dimensions of 'in', which has 2"}},
    {"FilterDepth",
     [](ModelSpec& m) {
       m.tensors[0].shape = {1, 4, 4, 3};
     },
     {"net: conv2d_0: expects shape [3, 3, 3, 3] for 'filter', which has [3, 3, 3, 2]"}},
    {"ManyFaults",
     [](ModelSpec& m) {
       m.tensors[0].zero_points = {300};
       m.tensors[1].data.pop_back();
       m.tensors[2].scales = {-1.0F, 1.0F, 1.0F};
       m.tensors[5].shape = {0, 12};
     },
     {"net: tensor 'in': zero point 300 does not fit int8",
      "net: tensor 'filter': int8 [3, 3, 3, 2] takes 54 bytes, its buffer has 53",
      "net: tensor 'bias': scale -1 is not a positive number",
      "net: tensor 'out': shape [0, 12] has an extent below 1 or takes more than 1073741824 "
      "bytes"}},
};

INSTANTIATE_TEST_SUITE_P(Tflite, BrokenModel, testing::ValuesIn(kBrokenTables),
                         [](const auto& tested) { return std::string(tested.param.label); });

/// A good file whose bytes are overwritten.
class Damaged {
 public:
  Damaged() : bytes_{tflite::build_model(tflite::small_model())} {}

  const Bytes& bytes() const { return bytes_; }
  void keep(std::size_t bytes) { bytes_.resize(bytes); }
  std::size_t size() const { return bytes_.size(); }

  template <typename T>
  T get(std::size_t at) const {
    T value;
    std::memcpy(&value, &bytes_.at(at), sizeof value);
    return value;
  }
  template <typename T>
  void put(std::size_t at, T value) {
    std::memcpy(&bytes_.at(at), &value, sizeof value);
  }

  std::size_t root() const { return get<std::uint32_t>(0); }
  std::size_t vtable(std::size_t table) const {
    return table - static_cast<std::size_t>(get<std::int32_t>(table));
  }
  /// Where the offset of a field stands in its table.
  template <typename Field>
  std::size_t field(std::size_t table, Field number) const {
    return table + get<std::uint16_t>(slot(table, number));
  }
  /// Where the vtable says so.
  template <typename Field>
  std::size_t slot(std::size_t table, Field number) const {
    return vtable(table) + 4 + 2 * static_cast<std::size_t>(number);
  }
  /// What the offset at a place leads to.
  std::size_t follow(std::size_t at) const { return at + get<std::uint32_t>(at); }
  /// Element `i` of the list of tables under a field.
  template <typename Field>
  std::size_t element(std::size_t table, Field number, std::size_t i) const {
    return follow(follow(field(table, number)) + 4 + 4 * i);
  }

  std::size_t subgraph() const { return element(root(), tflite::ModelField::kSubgraphs, 0); }
  std::size_t tensor(std::size_t i) const {
    return element(subgraph(), tflite::SubgraphField::kTensors, i);
  }
  std::size_t op(std::size_t i) const {
    return element(subgraph(), tflite::SubgraphField::kOperators, i);
  }

 private:
  Bytes bytes_;
};

constexpr const char* kNoModel =
    "net: not a TensorFlow Lite model (bytes 4 to 7 must read \"TFL3\")";
constexpr const char* kOutside =
    "net: damaged or truncated TensorFlow Lite model (an offset or a length points outside the "
    "file)";

struct BrokenBytes {
  const char* label;
  void (*damage)(Damaged&);
  const char* message;
};

void PrintTo(const BrokenBytes& broken, std::ostream* out) { *out << broken.label; }

class BrokenFile : public testing::TestWithParam<BrokenBytes> {};

TEST_P(BrokenFile, IsRefusedWithItsMessage) {
  Damaged file;
  ASSERT_THAT(faults_of(file.bytes()), testing::IsEmpty());
  GetParam().damage(file);
  EXPECT_THAT(faults_of(file.bytes()), testing::ElementsAre(GetParam().message));
}

using tflite::BufferField;
using tflite::ModelField;
using tflite::OperatorField;
using tflite::QuantizationField;
using tflite::SubgraphField;
using tflite::TensorField;

const BrokenBytes kBrokenBytes[] = {
    {"Empty", [](Damaged& d) { d.keep(0); }, kNoModel},
    {"OnlyTheIdentifier", [](Damaged& d) { d.keep(8); }, kNoModel},
    {"OnlyTheBeginning", [](Damaged& d) { d.keep(16); }, kOutside},
    {"HalfTheFile", [](Damaged& d) { d.keep(d.size() / 2); }, kOutside},
    {"FourBytesShort", [](Damaged& d) { d.keep(d.size() - 4); }, kOutside},
    {"OtherIdentifier", [](Damaged& d) { d.put<char>(7, '2'); }, kNoModel},
    {"SwappedBytes", [](Damaged& d) { d.put(4, std::uint32_t{0x54464C33}); }, kNoModel},
    {"RootBeyondTheFile", [](Damaged& d) { d.put(0, static_cast<std::uint32_t>(d.size())); },
     kOutside},
    {"RootOfAllOnes", [](Damaged& d) { d.put(0, UINT32_MAX); }, kOutside},
    {"RootAtOddByte", [](Damaged& d) { d.put(0, std::uint32_t{9}); }, kOutside},
    {"VtableBeforeTheFile", [](Damaged& d) { d.put(d.root(), INT32_MAX); }, kOutside},
    {"VtableBehindTheFile", [](Damaged& d) { d.put(d.root(), INT32_MIN); }, kOutside},
    {"VtableTooLong", [](Damaged& d) { d.put(d.vtable(d.root()), std::uint16_t{0xFFFE}); },
     kOutside},
    {"VtableOfOddLength", [](Damaged& d) { d.put(d.vtable(d.root()), std::uint16_t{7}); },
     kOutside},
    {"FieldBehindItsTable",
     [](Damaged& d) { d.put(d.slot(d.root(), ModelField::kBuffers), std::uint16_t{0xFFF0}); },
     kOutside},
    {"ListOfSubgraphsElsewhere",
     [](Damaged& d) { d.put(d.field(d.root(), ModelField::kSubgraphs), std::uint32_t{1} << 30); },
     kOutside},
    {"TooManySubgraphs",
     [](Damaged& d) {
       d.put(d.follow(d.field(d.root(), ModelField::kSubgraphs)), std::uint32_t{1} << 29);
     },
     kOutside},
    {"SubgraphElsewhere",
     [](Damaged& d) { d.put(d.follow(d.field(d.root(), ModelField::kSubgraphs)) + 4, UINT32_MAX); },
     kOutside},
    {"TensorElsewhere",
     [](Damaged& d) {
       d.put(d.follow(d.field(d.subgraph(), SubgraphField::kTensors)) + 4, UINT32_MAX - 7);
     },
     kOutside},
    {"NameTooLong",
     [](Damaged& d) {
       d.put(d.follow(d.field(d.tensor(0), TensorField::kName)), std::uint32_t{4096});
     },
     kOutside},
    {"NameWithoutEnd",
     [](Damaged& d) {
       const std::size_t name = d.follow(d.field(d.tensor(0), TensorField::kName));
       d.put(name + 4 + d.get<std::uint32_t>(name), 'x');
     },
     kOutside},
    {"ShapeTooLong",
     [](Damaged& d) { d.put(d.follow(d.field(d.tensor(0), TensorField::kShape)), UINT32_MAX); },
     kOutside},
    {"ScalesTooLong",
     [](Damaged& d) {
       const std::size_t q = d.follow(d.field(d.tensor(0), TensorField::kQuantization));
       d.put(d.follow(d.field(q, QuantizationField::kScale)), std::uint32_t{1} << 30);
     },
     kOutside},
    {"WeightsTooLong",
     [](Damaged& d) {
       const std::size_t buffer = d.element(d.root(), ModelField::kBuffers, 2);
       d.put(d.follow(d.field(buffer, BufferField::kData)), std::uint32_t{1} << 20);
     },
     kOutside},
    {"OptionsElsewhere",
     [](Damaged& d) { d.put(d.field(d.op(0), OperatorField::kOptions), UINT32_MAX); }, kOutside},
    {"OperandsTooLong",
     [](Damaged& d) {
       d.put(d.follow(d.field(d.op(0), OperatorField::kInputs)), std::uint32_t{1} << 20);
     },
     kOutside},
    {"CodeIndex",
     [](Damaged& d) { d.put(d.field(d.op(1), OperatorField::kOpcodeIndex), std::uint32_t{2}); },
     "net: operator 1 names operator code 2, the file has 2"},
    {"BufferBehindTheModel",
     [](Damaged& d) { d.put(d.field(d.tensor(1), TensorField::kBuffer), std::uint32_t{7}); },
     "net: tensor 'filter' names buffer 7, the file has 7"},
};

INSTANTIATE_TEST_SUITE_P(Tflite, BrokenFile, testing::ValuesIn(kBrokenBytes),
                         [](const auto& tested) { return std::string(tested.param.label); });

TEST(BrokenFiles, AreMoreThanThirty) {
  EXPECT_GE(std::size(kBrokenTables) + std::size(kBrokenBytes), 30U);
}

}  // namespace
}  // namespace milliwatt::workloads
