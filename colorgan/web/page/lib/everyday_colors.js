/**
 * Named colors of everyday things, in groups: what people know about old photos is "a denim jacket", not "#4f6a8f".
 *
 * They are typical colors in daylight, and none has the name of a CSS color, so that a typed name has one meaning. Colors of skin range over
 * those of all people: L* from 20 to 86 at the hues and chroma that skin has.
 */
export const EVERYDAY_COLORS = [
  { group: "Skin", colors: {
    "porcelain skin": "#e8d3c6", "fair skin": "#dfc1af", "light skin": "#d6b19c", "rosy skin": "#d1a08e", "beige skin": "#c29f84",
    "golden skin": "#bc9373", "olive skin": "#a8886a", "tanned skin": "#a97d5d", "caramel skin": "#9d704f", "bronze skin": "#8e6349",
    "brown skin": "#7e553e", "dark brown skin": "#664736", "deep brown skin": "#533a2f", "ebony skin": "#3d302a" } },
  { group: "Lips and eyes", colors: {
    "pale lips": "#c98f85", "rose lips": "#b9686a", "brown lips": "#8a4f47", "red lipstick": "#a8202f", "blush": "#d98a80",
    "brown eyes": "#5c3a22", "amber eyes": "#8f6a2c", "hazel eyes": "#75623a", "green eyes": "#66784f", "blue eyes": "#6c8fae", "gray eyes": "#87929a" } },
  { group: "Hair", colors: {
    "black hair": "#211d1b", "dark brown hair": "#3b2a20", "brown hair": "#5a402c", "chestnut hair": "#6e4228", "auburn hair": "#7f3f22",
    "red hair": "#a9562a", "dark blond hair": "#8d7149", "blond hair": "#bc9a63", "light blond hair": "#dcc391", "gray hair": "#9b9893",
    "white hair": "#e2dfd8" } },
  { group: "Fur and feathers", colors: {
    "fox fur": "#b5622c", "ginger cat": "#c98546", "bay horse": "#6d3b22", "palomino horse": "#c79d5e", "brown bear": "#54392a",
    "deer": "#9c7248", "sheep’s wool": "#e0d6c1", "mouse fur": "#8c857c", "robin’s breast": "#c85a2b", "mallard’s head": "#1f5a45",
    "peacock": "#14708c", "canary": "#f0cf3f" } },
  { group: "Wood", colors: {
    "birch": "#d9c19a", "pine": "#cfa46a", "beech": "#c6976a", "oak": "#a97f4f", "teak": "#9a6a3a", "cherry wood": "#8f4f32",
    "walnut": "#5f4431", "mahogany": "#6a2f22", "ebony wood": "#2e2622", "weathered wood": "#8f8779", "bark": "#5b4a3c", "cork": "#b98d5f" } },
  { group: "Brick and stone", colors: {
    "red brick": "#9c4a38", "old brick": "#8a5644", "yellow brick": "#c9a66b", "terracotta": "#c06a45", "roof tile": "#a5523a",
    "sandstone": "#cdb389", "limestone": "#d3cbb8", "marble": "#e6e1d8", "granite": "#8c8884", "slate": "#4e565e", "concrete": "#a3a099",
    "asphalt": "#4b4a4a" } },
  { group: "Earth and sand", colors: {
    "beach sand": "#dcc79b", "desert sand": "#cf9f68", "clay": "#a8643f", "ocher": "#c48a2f", "loam": "#6b5138", "wet soil": "#43342a",
    "red earth": "#9a4a2b", "gravel": "#a09a8e", "mud": "#6e5d47", "fresh snow": "#eef2f6", "snow in shade": "#b9c9dd" } },
  { group: "Denim and cloth", colors: {
    "light denim": "#8fa9c4", "denim": "#4f6a8f", "dark denim": "#2b3b57", "navy cloth": "#1f2a4a", "burgundy cloth": "#64202f",
    "scarlet cloth": "#b3202a", "rose cloth": "#cf8a93", "mustard cloth": "#c2962f", "bottle-green cloth": "#1f4a3a", "teal cloth": "#2a6f73",
    "lavender cloth": "#a79bc4", "purple velvet": "#4d2a5c", "raw linen": "#d4c6a8", "charcoal wool": "#3c3c40", "tweed": "#7f6c52",
    "brown leather": "#6b4226", "tan leather": "#a8713f" } },
  { group: "Uniforms and flags", colors: {
    "khaki drill": "#a08f63", "olive-drab uniform": "#5f5b36", "field gray": "#5d6659", "horizon blue": "#8496a8", "navy uniform": "#202a40",
    "air force blue": "#54708c", "red tunic": "#a11f28", "flag red": "#bf1f2f", "flag blue": "#1f3f8a", "flag green": "#1f7a45",
    "flag yellow": "#f2c52e", "gold braid": "#c79f4a" } },
  { group: "Grass and leaves", colors: {
    "spring grass": "#86a844", "meadow": "#6a8c3c", "lawn": "#557a35", "dry grass": "#b5a362", "moss": "#6a6f2f", "young leaves": "#93b04a",
    "leaves": "#4d7033", "dark leaves": "#2f4a29", "pine needles": "#33503a", "ivy": "#3a5a36", "sage leaves": "#8f9c7c",
    "autumn leaves": "#c06f26", "red maple": "#a5332a", "reed": "#a39a58" } },
  { group: "Flowers", colors: {
    "red rose": "#b01e35", "pink rose": "#dc8f9f", "poppy": "#d2382a", "marigold": "#e8962c", "sunflower": "#efbb2a", "daffodil": "#f3d648",
    "lilac": "#b096c8", "lavender bloom": "#8576b5", "violet petals": "#5b3f94", "cornflower": "#5273c4", "hydrangea": "#8ea3d6",
    "cherry blossom": "#f0cdd3" } },
  { group: "Sky and water", colors: {
    "clear sky": "#5f97d0", "pale sky": "#a9c9e6", "hazy sky": "#c9d5dc", "sky at dusk": "#5a6a9a", "sunset": "#e6905a", "pink clouds": "#e2aeb0",
    "storm cloud": "#6a727c", "deep sea": "#1f4f73", "sea": "#2f7690", "shallow sea": "#5fb0ae", "lake": "#4a7387", "river": "#667a6a",
    "foam": "#e6eef0" } },
  { group: "Food", colors: {
    "red apple": "#b0302b", "green apple": "#9db548", "lemon": "#f0d648", "orange peel": "#e8862a", "ripe banana": "#ecc94b", "cherry": "#8a1a2b",
    "strawberry": "#c8303a", "blueberry": "#4a5a8f", "grape": "#5a3560", "ripe tomato": "#c93a28", "carrot": "#e07b30", "pumpkin": "#d9822b",
    "lettuce": "#8cb04f", "bread crust": "#a86d35", "cream": "#f2e8d0", "coffee": "#4a3226", "red wine": "#5a1a28", "beer": "#c98a2a" } },
  { group: "Gold and metal", colors: {
    "yellow gold": "#c9a24b", "pale gold": "#d6bd82", "rose gold": "#c7917c", "brass": "#b3913f", "bronze": "#8a6a3c", "polished copper": "#b9714a",
    "verdigris": "#5f9a8a", "polished silver": "#c3c6c9", "steel": "#8b949b", "cast iron": "#4a4b4d", "rust": "#94502c", "lead": "#6b7078" } },
  { group: "Paint", colors: {
    "whitewash": "#ebe7dc", "cream paint": "#e6d9b5", "yellow ocher paint": "#d2a650", "barn red": "#7f2a26", "post-box red": "#b8232b",
    "taxi yellow": "#f0b62a", "park-bench green": "#2c5442", "mint paint": "#b5d3c0", "robin-egg blue": "#8fc4c8", "shutter blue": "#4f7ba3",
    "cobalt": "#1f4a9c", "carriage black": "#232326", "dusty pink": "#d3a59c", "plum paint": "#62384f" } },
];
