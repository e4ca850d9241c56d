#include "slack/form.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "slack/media_type.h"

namespace slack {
namespace {

TEST(Form, DecodesPlusesAndOctets) {
  const auto form = Form::parse("text=disk+full%21+%F0%9F%94%A5&command=%2Fir&empty=&bare");
  ASSERT_TRUE(form.has_value());
  EXPECT_EQ(form->at("text"), "disk full! 🔥");
  EXPECT_EQ(form->at("command"), "/ir");
  EXPECT_EQ(form->at("empty"), "");
  EXPECT_EQ(form->at("bare"), "");
  EXPECT_EQ(form->at("absent"), "");
  EXPECT_EQ(form->size(), 4U);
}

TEST(Form, KeepsNulAndInvalidUtf8AsTheyAre) {
  const auto form = Form::parse("text=%00%FF%c3%28\xFE");
  ASSERT_TRUE(form.has_value());
  EXPECT_EQ(form->at("text"), std::string_view("\0\xFF\xC3\x28\xFE", 5));
}

TEST(Form, RefusesAPercentWithoutTwoHexDigits) {
  for (const std::string_view body : {"a=%", "a=%1", "a=%zz", "a=1%2", "%=a", "a=%%20", "a=%2g"}) {
    EXPECT_FALSE(Form::parse(body).has_value()) << body;
  }
}

TEST(Form, RefusesAFieldThatOccursTwice) {
  EXPECT_FALSE(Form::parse("text=a&user_id=U1&text=b").has_value());
  EXPECT_FALSE(Form::parse("text=a&te%78t=b").has_value());
}

TEST(Form, SkipsEmptyPieces) {
  const auto form = Form::parse("&&a=1&&b=2&");
  ASSERT_TRUE(form.has_value());
  EXPECT_EQ(form->size(), 2U);
}

TEST(Form, TakesAsManyFieldsAsItsBoundAndNotOneMore) {
  std::string body;
  for (std::size_t i = 0; i < kFormFieldsMax; ++i) body += "f" + std::to_string(i) + "=1&";
  EXPECT_TRUE(Form::parse(body).has_value());
  EXPECT_FALSE(Form::parse(body + "last=1").has_value());
}

RC_GTEST_PROP(Form, DecodesWhatItEncodes, (std::string value)) {
  const std::string body = form_encode("text", value) + '&' + form_encode("b", "x y");
  const auto form = Form::parse(body);
  RC_ASSERT(form.has_value());
  RC_ASSERT(form->at("text") == value);
  RC_ASSERT(form->at("b") == "x y");
}

RC_GTEST_PROP(Form, NeverCrashes, (std::string body)) {
  const auto form = Form::parse(body);
  if (form) RC_ASSERT(form->size() <= kFormFieldsMax);
}

TEST(MediaType, IgnoresCaseAndParameters) {
  constexpr std::string_view kForm = "application/x-www-form-urlencoded";
  EXPECT_TRUE(is_media_type("application/x-www-form-urlencoded", kForm));
  EXPECT_TRUE(is_media_type("application/x-www-form-urlencoded; charset=utf-8", kForm));
  EXPECT_TRUE(is_media_type(" Application/X-WWW-Form-URLEncoded ;charset=UTF-8", kForm));
  EXPECT_FALSE(is_media_type("application/x-www-form-urlencoded2", kForm));
  EXPECT_FALSE(is_media_type("application/json", kForm));
  EXPECT_FALSE(is_media_type("", kForm));
}

}  // namespace
}  // namespace slack
