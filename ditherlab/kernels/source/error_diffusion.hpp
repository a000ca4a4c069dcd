// Error diffusion in the channels of the cost, pixel by pixel.
#pragma once

#include <cstdint>

#include "colors.hpp"
#include "form.hpp"

namespace ditherlab {

struct DiffusionPlanes {
    const float* shifts;  // [2 h w]: how the parts of an error vary, or null
    const float* noise;   // [c h w]: added to a value when its color is chosen, or null
};

void diffuse_error(const Form& form, const Colors& colors, const Prices& prices,
                   const DiffusionPlanes& planes, std::uint8_t* indices);

}  // namespace ditherlab
