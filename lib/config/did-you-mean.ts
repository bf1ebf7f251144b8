export { didYouMean } from '../proxy/options/did-you-mean.js'
