export { didYouMean } from '../proxy/did-you-mean.js'
