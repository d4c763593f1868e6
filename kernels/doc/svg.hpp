#pragma once
// Just enough SVG for the diagrams of docs/kernels.md: boxes, text, lines.
#include <cstdio>
#include <string>

namespace fieldsim::kernels::doc {

inline std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", v);
  return text;
}

class Svg {
 public:
  Svg(double width, double height, const std::string& title)
      : text_("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) + " " +
              number(height) +
              "\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n<title>" + title +
              "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n") {}

  void box(double x, double y, double w, double h, const std::string& fill,
           const std::string& label = "") {
    text_ += "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(w) +
             "\" height=\"" + number(h) + "\" fill=\"" + fill + "\" stroke=\"#333333\"/>\n";
    if (!label.empty()) label_at(x + w / 2, y + h / 2 + 4, label, "middle");
  }
  void label_at(double x, double y, const std::string& label, const std::string& anchor = "start") {
    text_ += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor +
             "\" fill=\"#111111\">" + label + "</text>\n";
  }
  void line(double x1, double y1, double x2, double y2, const std::string& colour = "#333333",
            const std::string& dash = "none") {
    text_ += "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) +
             "\" y2=\"" + number(y2) + "\" stroke=\"" + colour + "\" stroke-dasharray=\"" + dash +
             "\"/>\n";
  }
  std::string str() const { return text_ + "</svg>\n"; }

 private:
  std::string text_;
};

}  // namespace fieldsim::kernels::doc
