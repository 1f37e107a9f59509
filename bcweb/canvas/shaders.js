// The shaders. The scan is drawn once into a texture as large as a pane (all panes show the same part of
// it), and again only when view or window change; each pane copies it and draws its layers over it, where
// they have anything. So a threshold that moves touches few pixels, on a machine without graphics
// hardware too.

/** What a pane draws. The first three bits are those of the masks, too, of which `difference` compares two. */
export const LAYERS = { prediction: 1, truth: 2, mine: 4, difference: 8, heat: 16 };

/** How far a border's lines look for what lies beyond it, in CSS pixels: the colour, and the dark one inside. */
export const LINES = 3.25;

export const VERTEX = `#version 300 es
void main() {
  gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0);
}`;

const HEAD = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;

uniform vec4 pane;     // left, bottom, width, height; device pixels
uniform vec2 size;     // of the scan, in its pixels
uniform vec2 centre;   // the scan's point in the middle of the pane
uniform vec2 pace;     // pixels of the scan per device pixel
uniform float wide;    // and per texel; the last one of a row or column takes what is left over (pyramid.js)
out vec4 colour;

// The scan's point under this pixel of the screen.
vec2 here() {
  vec2 place = gl_FragCoord.xy - pane.xy - pane.zw * 0.5;
  return centre + vec2(place.x, -place.y) * pace;
}

bool beyond(vec2 at) {
  return any(lessThan(at, vec2(0.0))) || any(greaterThanEqual(at, size));
}
`;

/** The scan through its window, smooth. */
export const SCAN = `${HEAD}
uniform usampler2D image;   // stored values, with their halves
uniform int lod;            // which of them to read
uniform vec2 window;        // low, high
uniform vec3 around;        // the colour where there is no scan

float stored(ivec2 at, ivec2 last) {
  return float(texelFetch(image, clamp(at, ivec2(0), last), lod).r);
}

void main() {
  vec2 at = here();
  if (beyond(at)) {
    colour = vec4(around, 1.0);
    return;
  }
  // Integer textures have no filter of their own.
  vec2 place = at / wide - 0.5;
  ivec2 corner = ivec2(floor(place));
  vec2 part = place - vec2(corner);
  ivec2 last = textureSize(image, lod) - 1;
  float upper = mix(stored(corner, last), stored(corner + ivec2(1, 0), last), part.x);
  float lower = mix(stored(corner + ivec2(0, 1), last), stored(corner + ivec2(1, 1), last), part.x);
  float grey = clamp((mix(upper, lower, part.y) - window.x) / (window.y - window.x), 0.0, 1.0);
  colour = vec4(vec3(grey), 1.0);
}`;

/** The drawn scan, as it is. */
export const COPY = `#version 300 es
precision highp float;
uniform vec4 pane;
uniform sampler2D drawn;
out vec4 colour;
void main() {
  colour = texelFetch(drawn, ivec2(gl_FragCoord.xy - pane.xy), 0);
}`;

/** What lies over the scan. */
export const OVERLAY = `${HEAD}
uniform sampler2D drawn;         // the scan as SCAN drew it
uniform usampler2D opened;       // round(255 p) without parts too small to count
uniform usampler2D truth;        // 0 or 255
uniform usampler2D mine;         // 0 or more
uniform sampler2D probability;   // p
uniform sampler2D ramp;          // the heat map's colours
uniform float dot;               // device pixels per CSS pixel
uniform int level;               // the mask is {opened >= level}; 256 is empty
uniform int layers;              // bits of LAYERS
uniform int judged;              // the mask that a difference compares, as a bit of LAYERS
uniform int judge;               // and the one that it is compared with
uniform bool filled;
uniform float opacity;
uniform vec3 hit;
uniform vec3 miss;
uniform vec3 falseAlarm;
uniform vec3 predictionColour;
uniform vec3 truthColour;
uniform vec3 mineColour;

// The texel of a mask at this point.
uint texelAt(usampler2D mask, vec2 at) {
  return texelFetch(mask, min(ivec2(at / wide), textureSize(mask, 0) - 1), 0).r;
}

// Which of the wanted masks have this point, as bits of LAYERS.
int codeAt(vec2 at, int wanted) {
  if (beyond(at)) return 0;
  int code = 0;
  if ((wanted & 1) != 0 && int(texelAt(opened, at)) >= level) code |= 1;
  if ((wanted & 2) != 0 && texelAt(truth, at) > 127u) code |= 2;
  if ((wanted & 4) != 0 && texelAt(mine, at) > 0u) code |= 4;
  return code;
}

const vec2 AROUND[8] = vec2[8](
  vec2(1.0, 0.0), vec2(-1.0, 0.0), vec2(0.0, 1.0), vec2(0.0, -1.0),
  vec2(0.7071, 0.7071), vec2(-0.7071, 0.7071), vec2(0.7071, -0.7071), vec2(-0.7071, -0.7071));

// How much of this pixel a line of about 1.5 CSS pixels along the inner side of a border covers.
float line(int outside) {
  return clamp(float(outside) / 2.0, 0.0, 1.0);
}

void main() {
  vec2 at = here();
  colour = texelFetch(drawn, ivec2(gl_FragCoord.xy - pane.xy), 0);
  if (beyond(at)) return;
  vec3 seen = colour.rgb;

  if ((layers & 16) != 0) {
    float p = texture(probability, at / wide / vec2(textureSize(probability, 0))).r;
    // Where nothing is suspected the scan stays as it is.
    seen = mix(seen, texture(ramp, vec2(p * 255.0 / 256.0 + 0.5 / 256.0, 0.5)).rgb, opacity * min(p * 10.0, 1.0));
  }

  bool differs = (layers & 8) != 0;
  int wanted = differs ? judged | judge : layers & 7;
  int code = codeAt(at, wanted);
  if (code != 0) {
    ivec3 leaves = ivec3(0);    // how much of what is around lies outside of prediction, truth, mine
    ivec2 nearly = ivec2(0);    // and of what is twice as far, outside of truth, mine
    bool hot = (layers & 16) != 0;
    int edged = differs ? 0 : hot ? 6 : 4;   // what has a dark line along its own, as bits of LAYERS
    for (int i = 0; i < 8; i++) {
      int left = code & ~codeAt(at + AROUND[i] * 1.75 * dot * pace, wanted);
      leaves += ivec3(left, left >> 1, left >> 2) & 1;
      if ((code & edged) != 0) {
        int far = code & ~codeAt(at + AROUND[i] * ${LINES} * dot * pace, wanted & edged);
        nearly += ivec2(far >> 1, far >> 2) & 1;
      }
    }
    vec2 fixedToScan = at / pace / dot;   // in CSS pixels: patterns pan with the scan
    float stroke = min(opacity * 2.0, 1.0);
    if (differs) {
      bool isJudged = (code & judged) != 0;
      bool isTrue = (code & judge) != 0;
      vec3 paint = !isTrue ? falseAlarm : isJudged ? hit : miss;
      // What is right needs no attention; errors keep their pattern even where only borders are drawn.
      float ground = filled ? 0.25 : 0.0;
      float weave = filled ? 0.6 : 0.0;
      if (!isJudged) weave = mod(fixedToScan.x + fixedToScan.y, 7.0) < 2.5 ? 1.0 : ground;
      if (!isTrue) weave = length(mod(fixedToScan, 6.0) - 3.0) < 1.6 ? 1.0 : ground;
      seen = mix(seen, paint, opacity * weave);
      seen = mix(seen, paint, stroke * line(max(leaves.x, max(leaves.y, leaves.z))));
    } else {
      if (filled && (code & 2) != 0) seen = mix(seen, truthColour, opacity * 0.8);
      if (filled && (code & 1) != 0) seen = mix(seen, predictionColour, opacity * 0.8);
      // Over the heat map, whose own colours are a border's neighbours, the truth's has a dark line along it, and the
      // prediction's is white.
      if (hot && leaves.y == 0) seen = mix(seen, vec3(0.0), stroke * 0.75 * line(nearly.x));
      seen = mix(seen, truthColour, stroke * line(leaves.y));
      vec3 border = hot ? vec3(1.0) : predictionColour;
      seen = mix(seen, border, stroke * line(leaves.x));
      if (filled && (code & 4) != 0) seen = mix(seen, mineColour, opacity * 0.5);
      if (leaves.z == 0) seen = mix(seen, vec3(0.0), stroke * 0.75 * line(nearly.y));
      // Where its border is another's, the two colours take turns.
      bool gives = min(leaves.z, max(leaves.x, leaves.y)) > 0 && mod(fixedToScan.x + fixedToScan.y, 9.0) < 4.5;
      seen = mix(seen, mineColour, gives ? 0.0 : stroke * line(leaves.z));
    }
  }
  colour = vec4(seen, 1.0);
}`;
